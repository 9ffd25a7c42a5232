//! The rules of "download once": what a caller may do with an archive, and what is recorded.
//!
//! Pure functions over the archive's row: they answer the row as it is to be afterwards, and
//! `store::archives::replace` writes it if nobody changed it meanwhile. Nothing else moves an
//! archive, so what holds for these functions in any order of calls holds for the server.

use std::ops::Range;
use std::time::Duration;

use super::model::{Archive, ArchiveState, Delivery, Lease};
use crate::clock::Timestamp;
use crate::error::{Error, ErrorCode};
use crate::ids::UserId;

/// So long a delivery may send without saying so again.
pub const FENCE: Duration = Duration::from_secs(5);
/// So long it does, by its own clock that nobody sets, counted from before it said so.
pub const SILENCE: Duration = Duration::from_secs(4);
/// How much the clocks of two nodes may differ, beside the second between the two above.
pub const SKEW: Duration = Duration::from_secs(10);

/// A caller who wants bytes.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    pub caller: &'a UserId,
    /// How many bytes.
    pub bytes: u64,
    pub now: Timestamp,
    /// How many times its size may be sent of an archive.
    pub max_sends: u32,
    /// The number of a delivery that was watched and did not get on.
    pub stuck: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Refuse(Refusal),
    /// A delivery to the same caller is under way: whether it lives has to be seen.
    Watch,
    /// The caller may have it: [`begin`].
    Begin,
}

/// Why a caller gets nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    Unknown,
    Consumed,
    Busy,
    Expired,
    Blocked,
    Spent,
    Leased,
    WrongReceipt,
    NotBegun,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let (code, message) = match refusal {
            Refusal::Unknown => (
                ErrorCode::ArchiveNotFound,
                "There is no such package in this instance; check the id.",
            ),
            Refusal::Consumed => (
                ErrorCode::ArchiveConsumed,
                "The package has been downloaded, which can be done only once; export again.",
            ),
            Refusal::Busy => (
                ErrorCode::ArchiveBusy,
                "The package is being downloaded at this moment; if that is you and the line broke, try again.",
            ),
            Refusal::Expired => (
                ErrorCode::ArchiveExpired,
                "The package was not downloaded in time and is given up; export again.",
            ),
            Refusal::Blocked => (
                ErrorCode::ArchiveBlocked,
                "An administrator has blocked something in the package; export again without it.",
            ),
            Refusal::Spent => (
                ErrorCode::ArchiveSpent,
                "The package was sent too many times without arriving whole; export again.",
            ),
            Refusal::Leased => (
                ErrorCode::ArchiveLeased,
                "Somebody else has begun to download the package, only they can go on; export again.",
            ),
            Refusal::WrongReceipt => (
                ErrorCode::WrongReceipt,
                "The digest is not the package's, which is not used up; download it again.",
            ),
            Refusal::NotBegun => (
                ErrorCode::WrongReceipt,
                "Nobody has begun to download the package; download it first.",
            ),
        };
        Error::new(code, message)
    }
}

/// Whether a caller may have bytes of an archive.
pub fn judge(archive: &Archive, ask: Ask<'_>) -> Verdict {
    match archive.state {
        ArchiveState::Consumed => Verdict::Refuse(Refusal::Consumed),
        ArchiveState::Expired => Verdict::Refuse(Refusal::Expired),
        ArchiveState::Ready if ask.now >= archive.expires_at => Verdict::Refuse(Refusal::Expired),
        ArchiveState::Ready => within_bound(archive, ask),
        ArchiveState::Leased => match holding(archive, ask.caller, ask.now) {
            Err(refusal) => Verdict::Refuse(refusal),
            Ok(()) if is_alive(archive, ask.now, ask.stuck) => Verdict::Watch,
            Ok(()) => within_bound(archive, ask),
        },
    }
}

fn within_bound(archive: &Archive, ask: Ask<'_>) -> Verdict {
    let most = archive.size.saturating_mul(ask.max_sends.into());
    if archive.sent_bytes.saturating_add(ask.bytes) > most {
        return Verdict::Refuse(Refusal::Spent);
    }
    Verdict::Begin
}

/// Whether a caller holds the lease, and the lease still is one.
fn holding(archive: &Archive, caller: &UserId, now: Timestamp) -> Result<(), Refusal> {
    let lease = archive.lease.as_ref().ok_or(Refusal::Unknown)?;
    let is_running = is_running(archive, now);
    if lease.holder_id != *caller {
        return Err(match is_running {
            true => Refusal::Busy,
            false if now >= lease.until => Refusal::Expired,
            false => Refusal::Leased,
        });
    }
    if now >= lease.until {
        return Err(Refusal::Expired);
    }
    Ok(())
}

/// Whether a delivery may be sending, as far as the row tells. One that takes the archive from it
/// nevertheless sends nothing, and does not end, for as long as [`FENCE`].
pub fn is_running(archive: &Archive, now: Timestamp) -> bool {
    let until = archive.delivery.until;
    until.is_some_and(|until| now < until.plus(SKEW))
}

fn is_alive(archive: &Archive, now: Timestamp, stuck: Option<i64>) -> bool {
    is_running(archive, now) && stuck != Some(archive.delivery.number)
}

/// Whether an archive's life is not over: it can be looked into.
pub fn check_there(archive: &Archive, now: Timestamp) -> Result<(), Refusal> {
    match archive.state {
        ArchiveState::Consumed => Err(Refusal::Consumed),
        ArchiveState::Expired => Err(Refusal::Expired),
        ArchiveState::Ready if now >= archive.expires_at => Err(Refusal::Expired),
        ArchiveState::Ready | ArchiveState::Leased => Ok(()),
    }
}

/// Who downloads, and on what terms.
#[derive(Debug, Clone)]
pub struct Holder {
    pub user_id: UserId,
    pub name: String,
    pub address: Option<String>,
    /// How long the lease is, from the first delivery on.
    pub lease: Duration,
    pub receipt_required: bool,
}

/// A delivery begins: the first one leases the archive, and sets the terms.
#[must_use]
pub fn begin(archive: &Archive, holder: &Holder, range: &Range<u64>, now: Timestamp) -> Archive {
    let mut after = archive.clone();
    if archive.delivery.until.is_some() {
        // the one before ended without a word: it may have sent all that it was to send
        cover(&mut after, archive.delivery.from, archive.delivery.to);
    }
    if archive.state == ArchiveState::Ready {
        after.state = ArchiveState::Leased;
        after.receipt_required = holder.receipt_required;
        after.lease = Some(Lease {
            holder_id: holder.user_id.clone(),
            holder_name: holder.name.clone(),
            holder_address: holder.address.clone(),
            leased_at: now,
            until: now.plus(holder.lease),
        });
    }
    after.delivery = Delivery {
        number: archive.delivery.number + 1,
        until: Some(now.plus(FENCE)),
        from: range.start,
        to: range.end,
    };
    after
}

/// What counts as sent without a gap from the beginning.
fn cover(archive: &mut Archive, from: u64, to: u64) {
    if from <= archive.covered {
        archive.covered = archive.covered.max(to);
    }
}

/// Whether the archive still is in the hands of a delivery.
fn is_held_by(archive: &Archive, begun: &Archive) -> bool {
    archive.state == ArchiveState::Leased
        && archive.delivery.number == begun.delivery.number
        && archive.delivery.until.is_some()
}

/// A delivery says that it lives and how much it has sent. `begun` is the row as it began;
/// `None` means that the archive is not its own any more: it must stop.
pub fn renew(archive: &Archive, begun: &Archive, sent: u64, now: Timestamp) -> Option<Archive> {
    is_held_by(archive, begun).then(|| {
        let mut after = archive.clone();
        after.delivery.until = Some(now.plus(FENCE));
        after.sent_bytes = begun.sent_bytes + sent;
        after
    })
}

/// How a delivery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// Bytes that may have left.
    pub sent: u64,
    /// The peer has every byte of the delivery's range.
    pub acknowledged: bool,
}

/// A delivery ends. `None` means that the archive was not its own any more: nothing to record.
pub fn end(archive: &Archive, begun: &Archive, ending: Ending, now: Timestamp) -> Option<Archive> {
    if !is_held_by(archive, begun) {
        return None;
    }
    let mut after = archive.clone();
    let from = begun.delivery.from;
    after.delivery.until = None;
    after.sent_bytes = begun.sent_bytes + ending.sent;
    let is_whole = from <= archive.covered && begun.delivery.to == archive.size;
    cover(&mut after, from, from + ending.sent);
    if ending.acknowledged && is_whole && !archive.receipt_required {
        after.state = ArchiveState::Consumed;
        after.ended_at = Some(now);
    }
    Some(after)
}

/// What a receipt does.
#[derive(Debug, Clone)]
pub enum Received {
    Refuse(Refusal),
    /// A delivery to the same caller is under way.
    Watch,
    /// It came before.
    Already,
    /// The archive is delivered; the row as it is to be.
    Delivered(Box<Archive>),
}

/// The caller says that they have the package, and what its digest is.
pub fn receive(archive: &Archive, caller: &UserId, digest: &str, now: Timestamp) -> Received {
    let holds = |lease: &Lease| lease.holder_id == *caller;
    match archive.state {
        ArchiveState::Ready if now >= archive.expires_at => Received::Refuse(Refusal::Expired),
        ArchiveState::Ready => Received::Refuse(Refusal::NotBegun),
        ArchiveState::Expired => Received::Refuse(Refusal::Expired),
        ArchiveState::Consumed
            if digest == archive.digest && archive.lease.as_ref().is_some_and(holds) =>
        {
            Received::Already
        }
        ArchiveState::Consumed => Received::Refuse(Refusal::Consumed),
        ArchiveState::Leased => match holding(archive, caller, now) {
            Err(refusal) => Received::Refuse(refusal),
            Ok(()) if digest != archive.digest => Received::Refuse(Refusal::WrongReceipt),
            Ok(()) if is_running(archive, now) => Received::Watch,
            Ok(()) => {
                let mut after = archive.clone();
                after.delivery.until = None;
                after.state = ArchiveState::Consumed;
                after.ended_at = Some(now);
                Received::Delivered(Box::new(after))
            }
        },
    }
}

/// An archive whose time is over is given up; `None` where it is not.
pub fn expire(archive: &Archive, now: Timestamp) -> Option<Archive> {
    let is_over = match archive.state {
        ArchiveState::Ready => now >= archive.expires_at,
        ArchiveState::Leased => {
            let lease = archive.lease.as_ref();
            lease.is_none_or(|lease| now >= lease.until) && !is_running(archive, now)
        }
        ArchiveState::Consumed | ArchiveState::Expired => false,
    };
    is_over.then(|| {
        let mut after = archive.clone();
        after.delivery.until = None;
        after.state = ArchiveState::Expired;
        after.ended_at = Some(now);
        after
    })
}

/// The process that sent it is known to be dead: its delivery need not lapse first.
pub fn abandon(archive: &Archive) -> Option<Archive> {
    let is_sending = archive.state == ArchiveState::Leased && archive.delivery.until.is_some();
    is_sending.then(|| {
        let mut after = archive.clone();
        cover(&mut after, archive.delivery.from, archive.delivery.to);
        after.delivery.until = None;
        after
    })
}
