//! The master key and where it comes from: a file, the environment, or a command that prints it.

use std::fmt;
use std::path::{Path, PathBuf};

use data_encoding::{BASE64, HEXLOWER};
use zeroize::Zeroizing;

use super::cipher::{self, Key};
use super::command;
use crate::config::Config;
use crate::keys::write_private;

const VARIABLE: &str = "ENTREPOT_MASTER_KEY";

/// 32 bytes, as base64 outside.
#[derive(Clone)]
pub struct MasterKey {
    key: Key,
    id: String,
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MasterKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl MasterKey {
    pub fn random() -> Self {
        Self::new(cipher::random_key())
    }

    fn new(key: Key) -> Self {
        let id = cipher::derive(&key, "entrepot master key id v1");
        let id = HEXLOWER.encode(&id[..8]);
        Self { key, id }
    }

    pub fn parse(text: &str) -> Result<Self, String> {
        let problem = || "the master key must be 32 bytes in base64".to_owned();
        let bytes = BASE64.decode(text.trim().as_bytes());
        let bytes = Zeroizing::new(bytes.map_err(|_| problem())?);
        let mut key = Key::default();
        if bytes.len() != key.len() {
            return Err(problem());
        }
        key.copy_from_slice(&bytes);
        Ok(Self::new(key))
    }

    /// `None` where there is no such file.
    pub fn read(path: &Path) -> Result<Option<Self>, String> {
        let named = |problem: String| format!("the master key file {}: {problem}", path.display());
        match std::fs::read_to_string(path).map(Zeroizing::new) {
            Ok(text) => Self::parse(&text).map(Some).map_err(named),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(named(error.to_string())),
        }
    }

    /// Durable, and readable by its owner alone.
    pub fn write(&self, path: &Path) -> Result<(), String> {
        let text = Zeroizing::new(BASE64.encode(self.key.as_ref()));
        write_private(path, text.as_bytes())
            .map_err(|error| format!("the master key file {}: {error}", path.display()))
    }

    /// A new one in a file.
    pub(super) fn write_random(path: &Path) -> Result<Self, String> {
        let key = Self::random();
        key.write(path)?;
        Ok(key)
    }

    /// A short name that tells nothing about the key.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn key(&self) -> &Key {
        &self.key
    }

    pub(super) fn wrapping(&self) -> Key {
        cipher::derive(&self.key, "entrepot wrapped data keys v1")
    }
}

/// Where a server's master key comes from.
#[derive(Clone)]
pub enum Source {
    File(PathBuf),
    Environment(MasterKey),
    Command(String),
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::File(path) => write!(f, "file {}", path.display()),
            Source::Environment(_) => f.write_str(VARIABLE),
            Source::Command(_) => f.write_str("master_key_command"),
        }
    }
}

impl Source {
    /// As configured; the file in the data folder where nothing is.
    pub fn of(config: &Config) -> Result<Self, String> {
        let variable = std::env::var(VARIABLE).ok().map(Zeroizing::new);
        let (file, command) = (&config.master_key_file, &config.master_key_command);
        match (variable, file, command) {
            (None, None, None) => Ok(Self::File(config.data.join("master.key"))),
            (None, Some(file), None) => Ok(Self::File(file.clone())),
            (None, None, Some(command)) => Ok(Self::Command(command.clone())),
            (Some(text), None, None) => {
                let key = MasterKey::parse(&text);
                key.map(Self::Environment)
                    .map_err(|problem| format!("{VARIABLE}: {problem}"))
            }
            (variable, file, command) => {
                let given = [
                    variable.map(|_| VARIABLE),
                    file.as_ref().map(|_| "master_key_file"),
                    command.as_ref().map(|_| "master_key_command"),
                ];
                let given: Vec<_> = given.into_iter().flatten().collect();
                Err(format!(
                    "the master key has more than one source: {}; give one of them",
                    given.join(" and ")
                ))
            }
        }
    }

    /// The key as it is now; `None` where its file is not there.
    pub async fn read(&self) -> Result<Option<MasterKey>, String> {
        match self {
            Source::File(path) => MasterKey::read(path),
            Source::Environment(key) => Ok(Some(key.clone())),
            Source::Command(line) => command::output(line)
                .await
                .and_then(|text| MasterKey::parse(&text))
                .map(Some)
                .map_err(|problem| format!("master_key_command: {problem}")),
        }
    }

    /// Makes the key of a new library.
    pub(super) fn create(&self) -> Result<MasterKey, String> {
        match self {
            Source::File(path) => MasterKey::write_random(path),
            Source::Environment(_) | Source::Command(_) => Err(self.missing()),
        }
    }

    pub(super) fn missing(&self) -> String {
        format!("there is no master key ({self}), and this library's secrets need the one they had")
    }
}
