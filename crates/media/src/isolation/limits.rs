//! What each process may use at most.

use rustix::process::{Resource, Rlimit, nice, setrlimit};

use crate::task::Limits;

/// Mapped libraries and reserved but unused space come on top of private memory.
const ADDRESS_SPACE_BESIDE: u64 = 4 * 1024 * 1024 * 1024;
const OPEN_FILES: u64 = 1024;
/// So that requests come first.
const NICE: i32 = 10;

pub fn set(limits: &Limits) -> rustix::io::Result<()> {
    let most = |n: u64| Rlimit {
        current: Some(n),
        maximum: Some(n),
    };
    setrlimit(Resource::Data, most(limits.memory))?;
    setrlimit(
        Resource::As,
        most(limits.memory.saturating_add(ADDRESS_SPACE_BESIDE)),
    )?;
    setrlimit(Resource::Cpu, most(limits.cpu))?;
    setrlimit(Resource::Fsize, most(limits.file))?;
    setrlimit(Resource::Core, most(0))?;
    setrlimit(Resource::Nofile, most(OPEN_FILES))?;
    nice(NICE)?;
    Ok(())
}
