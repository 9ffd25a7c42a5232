//! What the figures were measured on.

use std::fmt;
use std::process::Command;

use entrepot_server::clock::Clock;

use crate::bench::Bench;

#[derive(Debug)]
pub struct Machine(Vec<(&'static str, String)>);

impl Machine {
    pub fn look(bench: &Bench) -> anyhow::Result<Self> {
        let cores = std::thread::available_parallelism()?;
        let load = read("/proc/loadavg");
        let load: Vec<&str> = load.split_whitespace().take(3).collect();
        let folder = bench.folder().display().to_string();
        let filesystem = output(Command::new("df").args(["--output=fstype", &folder]));
        let filesystem = filesystem.lines().last().unwrap_or_default().to_owned();
        let nginx = Command::new("nginx").arg("-v").output();
        let nginx = nginx.map(|out| String::from_utf8_lossy(&out.stderr).trim().to_owned());
        Ok(Self(vec![
            ("date", Clock::System.now().rfc3339()),
            (
                "processor",
                format!("{} × {cores}", field("/proc/cpuinfo", "model name")),
            ),
            ("memory", field("/proc/meminfo", "MemTotal")),
            (
                "system",
                format!(
                    "Linux {}, {filesystem}",
                    read("/proc/sys/kernel/osrelease").trim()
                ),
            ),
            ("load before the run", load.join(" ")),
            (
                "revision",
                output(Command::new("git").args(["describe", "--always", "--dirty"])),
            ),
            ("SQLite", rusqlite::version().to_owned()),
            (
                "PostgreSQL",
                bench.postgres_version().unwrap_or("not there".into()),
            ),
            ("nginx", nginx.unwrap_or("not there".into())),
        ]))
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| | |\n|---|---|")?;
        for (name, value) in &self.0 {
            writeln!(f, "| {name} | {value} |")?;
        }
        Ok(())
    }
}

/// Bytes that programs and the page cache may still take.
pub fn available_memory() -> anyhow::Result<usize> {
    let available = field("/proc/meminfo", "MemAvailable");
    let kib: usize = available.trim_end_matches(" kB").parse()?;
    Ok(kib * 1024)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// The first `name : value` of a file in /proc.
fn field(path: &str, name: &str) -> String {
    let text = read(path);
    let line = text.lines().find(|line| line.starts_with(name));
    let value = line.and_then(|line| line.split_once(':'));
    value.map_or_else(
        || "unknown".to_owned(),
        |(_, value)| value.trim().to_owned(),
    )
}

fn output(command: &mut Command) -> String {
    let output = command.output();
    output.map_or_else(
        |_| "unknown".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}
