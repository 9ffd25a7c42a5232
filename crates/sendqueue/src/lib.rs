//! How much of what was written to a TCP socket its peer has not acknowledged.
//!
//! The only crate of the workspace that has an `unsafe` block; docs/adr/0006 says why.

use std::io;
use std::os::fd::BorrowedFd;

/// Bytes in the send queue of this TCP socket that the peer's TCP has not acknowledged: not sent
/// yet, or on their way. The end of the stream (FIN) counts as one until it is acknowledged.
///
/// After a reset the number stays what it was. A listening socket has no such queue (`EINVAL`).
#[cfg(target_os = "linux")]
#[expect(
    unsafe_code,
    reason = "no kept crate offers this safely: docs/adr/0006"
)]
pub fn unacknowledged(fd: BorrowedFd<'_>) -> io::Result<u64> {
    use std::os::fd::AsRawFd;

    let mut bytes: libc::c_int = 0;
    // SAFETY: the descriptor is open, because `fd` borrows it; the kernel writes one `int` for
    // this request, and `bytes` is one that outlives the call and that nothing else refers to.
    let answer = unsafe { libc::ioctl(fd.as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes) };
    if answer < 0 {
        return Err(io::Error::last_os_error());
    }
    u64::try_from(bytes).map_err(|_| io::Error::other(format!("a send queue of {bytes} bytes")))
}

/// Only Linux tells.
#[cfg(not(target_os = "linux"))]
pub fn unacknowledged(_fd: BorrowedFd<'_>) -> io::Result<u64> {
    Err(io::ErrorKind::Unsupported.into())
}
