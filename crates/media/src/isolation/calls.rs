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

pub fn restrict() -> Result<(), Box<dyn std::error::Error>> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        REFUSED.into_iter().map(|call| (call, Vec::new())).collect();
    rules.insert(libc::SYS_socket, vec![other_than_local()?]);
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::Allow,
        SeccompAction::Errno(libc::EPERM.unsigned_abs()),
        TargetArch::try_from(std::env::consts::ARCH)?,
    )?;
    let program = BpfProgram::try_from(filter)?;
    apply_filter(&program)?;
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
