//! Landlock: programs and libraries may be read, the input may be read, the task's folder may be
//! written; nothing else of the file system is there. No symbolic links, devices or sockets can be
//! made even in the folder, so that what lies there afterwards is what it looks like.

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetError, Scope, path_beneath_rules,
};

use crate::task::Task;

/// Programs, libraries, fonts and their settings; what is not there on a system is left out.
const READ: [&str; 15] = [
    "/usr",
    "/lib",
    "/lib64",
    "/bin",
    "/opt/libreoffice",
    "/etc/alternatives",
    "/etc/fonts",
    "/etc/ld.so.cache",
    "/etc/libreoffice",
    "/var/cache/fontconfig",
    // where Debian keeps parts of LibreOffice that may change
    "/var/lib/libreoffice",
    "/var/spool/libreoffice",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system/cpu",
];
const DEVICES: [&str; 4] = ["/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"];

pub fn restrict(task: &Task) -> Result<(), RulesetError> {
    let newest = ABI::V6;
    let made = AccessFs::from_all(newest)
        & !(AccessFs::MakeSym | AccessFs::MakeBlock | AccessFs::MakeChar | AccessFs::Execute);
    let rules = Ruleset::default()
        .handle_access(AccessFs::from_all(newest))?
        // connections and listeners too, beside the filter of system calls
        .handle_access(AccessNet::from_all(newest))?
        .scope(Scope::from_all(newest))?
        .create()?
        .add_rules(path_beneath_rules(READ, AccessFs::from_read(newest)))?
        .add_rules(path_beneath_rules(
            DEVICES,
            AccessFs::ReadFile | AccessFs::WriteFile,
        ))?
        .add_rules(path_beneath_rules(&task.input, AccessFs::ReadFile))?;
    allow_folder(rules, task, made)?.restrict_self()?;
    Ok(())
}

fn allow_folder(
    rules: RulesetCreated,
    task: &Task,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, RulesetError> {
    match PathFd::new(&task.folder) {
        Ok(folder) => rules.add_rule(PathBeneath::new(folder, access)),
        // nothing can be written then, and that is what will be told
        Err(_) => Ok(rules),
    }
}
