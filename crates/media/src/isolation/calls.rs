//! The filter of system calls: what no decoder needs and a hostile file would like.
//!
//! A list of what is refused and not of what is allowed: three large programs with all their
//! libraries, on any kernel, would make the latter a guess. Files are Landlock's business.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};

/// Whole calls that are refused: other ways to the network or into other processes, ways out of
/// the process group (which is what is killed), and the kernel's less trodden corners.
const REFUSED: [i64; 19] = [
    libc::SYS_io_uring_setup,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_setsid,
    libc::SYS_setpgid,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_kexec_load,
];

/// Calls that do nothing and say that they did: LibreOffice insists on a socket in `/tmp` by which
/// a second one would find the first, and doesn't start without. Nothing here has to be found.
const PRETENDED: [i64; 2] = [libc::SYS_bind, libc::SYS_listen];

pub fn restrict() -> Result<(), Box<dyn std::error::Error>> {
    let pretended = PRETENDED.into_iter().map(|call| (call, Vec::new()));
    apply(pretended.collect(), SeccompAction::Errno(0))?;
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        REFUSED.into_iter().map(|call| (call, Vec::new())).collect();
    rules.insert(libc::SYS_socket, vec![other_than_local()?]);
    apply(rules, SeccompAction::Errno(libc::EPERM.unsigned_abs()))
}

fn apply(
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    answer: SeccompAction,
) -> Result<(), Box<dyn std::error::Error>> {
    let target = TargetArch::try_from(std::env::consts::ARCH)?;
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, answer, target)?;
    apply_filter(&BpfProgram::try_from(filter)?)?;
    Ok(())
}

/// Sockets of every family but the local one, which LibreOffice talks to itself by.
fn other_than_local() -> Result<SeccompRule, seccompiler::BackendError> {
    let local = u64::from(libc::AF_UNIX.unsigned_abs());
    SeccompRule::new(vec![SeccompCondition::new(
        0,
        SeccompCmpArgLen::Dword,
        SeccompCmpOp::Ne,
        local,
    )?])
}
