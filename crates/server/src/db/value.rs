//! Values that go into and come out of a statement, the same for both databases.
//!
//! There are four kinds of column: TEXT, BIGINT, BOOLEAN and DOUBLE PRECISION.
//! `SQLite` keeps a boolean as 0 or 1; [`FromCell`] hides that.

use std::borrow::Cow;

use super::DbError;

/// A parameter of a statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    Null,
    Int(i64),
    Real(f64),
    Bool(bool),
    Text(Cow<'a, str>),
}

impl Value<'_> {
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::Null => Value::Null,
            Value::Int(v) => Value::Int(v),
            Value::Real(v) => Value::Real(v),
            Value::Bool(v) => Value::Bool(v),
            Value::Text(v) => Value::Text(Cow::Owned(v.into_owned())),
        }
    }
}

impl From<i64> for Value<'_> {
    fn from(v: i64) -> Self {
        Value::Int(v)
    }
}
impl From<i32> for Value<'_> {
    fn from(v: i32) -> Self {
        Value::Int(v.into())
    }
}
impl From<u32> for Value<'_> {
    fn from(v: u32) -> Self {
        Value::Int(v.into())
    }
}
impl From<f64> for Value<'_> {
    fn from(v: f64) -> Self {
        Value::Real(v)
    }
}
impl From<bool> for Value<'_> {
    fn from(v: bool) -> Self {
        Value::Bool(v)
    }
}
impl<'a> From<&'a str> for Value<'a> {
    fn from(v: &'a str) -> Self {
        Value::Text(Cow::Borrowed(v))
    }
}
impl<'a> From<&'a String> for Value<'a> {
    fn from(v: &'a String) -> Self {
        Value::Text(Cow::Borrowed(v))
    }
}
impl From<String> for Value<'_> {
    fn from(v: String) -> Self {
        Value::Text(Cow::Owned(v))
    }
}
impl<'a> From<&'a Option<String>> for Value<'a> {
    fn from(v: &'a Option<String>) -> Self {
        v.as_ref().map_or(Value::Null, Value::from)
    }
}
impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(v: Option<T>) -> Self {
        v.map_or(Value::Null, Into::into)
    }
}

/// The parameters of a statement, in the order of `$1`, `$2`, …
#[macro_export]
macro_rules! params {
    () => { &[] as &[$crate::db::Value<'_>] };
    ($($v:expr),+ $(,)?) => { &[$($crate::db::Value::from($v)),+] };
}

/// One value of a result row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Null,
    Int(i64),
    Real(f64),
    Bool(bool),
    Text(String),
}

impl Cell {
    fn kind(&self) -> &'static str {
        match self {
            Cell::Null => "NULL",
            Cell::Int(_) => "an integer",
            Cell::Real(_) => "a real number",
            Cell::Bool(_) => "a boolean",
            Cell::Text(_) => "text",
        }
    }
}

/// A type that a column can be read as.
pub trait FromCell: Sized {
    const EXPECTED: &'static str;
    /// `None` when the cell holds something else.
    fn from_cell(cell: Cell) -> Option<Self>;
}

impl FromCell for String {
    const EXPECTED: &'static str = "text";
    fn from_cell(cell: Cell) -> Option<Self> {
        match cell {
            Cell::Text(v) => Some(v),
            _ => None,
        }
    }
}
impl FromCell for i64 {
    const EXPECTED: &'static str = "an integer";
    fn from_cell(cell: Cell) -> Option<Self> {
        match cell {
            Cell::Int(v) => Some(v),
            _ => None,
        }
    }
}
impl FromCell for u64 {
    const EXPECTED: &'static str = "an integer of at least 0";
    fn from_cell(cell: Cell) -> Option<Self> {
        i64::from_cell(cell).and_then(|v| v.try_into().ok())
    }
}
impl FromCell for u32 {
    const EXPECTED: &'static str = "an integer from 0 to 4294967295";
    fn from_cell(cell: Cell) -> Option<Self> {
        i64::from_cell(cell).and_then(|v| v.try_into().ok())
    }
}
impl FromCell for f64 {
    const EXPECTED: &'static str = "a real number";
    fn from_cell(cell: Cell) -> Option<Self> {
        match cell {
            Cell::Real(v) => Some(v),
            _ => None,
        }
    }
}
impl FromCell for bool {
    const EXPECTED: &'static str = "a boolean";
    fn from_cell(cell: Cell) -> Option<Self> {
        match cell {
            Cell::Bool(v) => Some(v),
            Cell::Int(0) => Some(false),
            Cell::Int(1) => Some(true),
            _ => None,
        }
    }
}
impl<T: FromCell> FromCell for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;
    fn from_cell(cell: Cell) -> Option<Self> {
        match cell {
            Cell::Null => Some(None),
            other => T::from_cell(other).map(Some),
        }
    }
}

/// A result row, read from left to right in the order of the statement's columns.
#[derive(Debug)]
pub struct Row {
    cells: std::vec::IntoIter<Cell>,
    read: usize,
    /// The first column, usually the id, to name the row in an error.
    first: Option<String>,
}

impl Row {
    pub(super) fn new(cells: Vec<Cell>) -> Self {
        Self {
            cells: cells.into_iter(),
            read: 0,
            first: None,
        }
    }

    /// The next column as `T`; another kind of value is [`DbError::Corrupt`].
    #[expect(
        clippy::should_implement_trait,
        reason = "each call has a type of its own"
    )]
    pub fn next<T: FromCell>(&mut self) -> Result<T, DbError> {
        let cell = self.cells.next().unwrap_or(Cell::Null);
        self.read += 1;
        if self.read == 1
            && let Cell::Text(id) = &cell
        {
            self.first = Some(id.clone());
        }
        let kind = cell.kind();
        T::from_cell(cell).ok_or_else(|| DbError::Corrupt {
            row: self.first.clone().unwrap_or_default(),
            column: self.read,
            expected: T::EXPECTED,
            found: kind,
        })
    }
}
