//! Slides become a PDF by LibreOffice, in a profile that is made for the one conversion: nothing
//! that a deck asks for is run or fetched.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use crate::kind::Kind;
use crate::task::{Code, Reason};
use crate::tool::Tool;
use crate::worker::Work;

/// Debian's, for the sentence that says what to install.
const PACKAGE: &str = "libreoffice-impress-nogui";
/// Where the program itself is; the script that usually starts it needs a shell and more.
const PLACES: [&str; 3] = [
    "/usr/lib/libreoffice/program",
    "/usr/lib64/libreoffice/program",
    "/opt/libreoffice/program",
];
const PROGRAM: &str = "soffice.bin";
/// What it prints, bytes.
const PRINTED_MOST: usize = 64 * 1024;

/// No macros. Links out of the document lead nowhere: neither files nor addresses are read, as a
/// document that was not given by name counts as not trusted, and no place is. Fixed, so that no
/// other layer of the configuration changes it.
const SETTINGS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop>
<prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop>
<prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop>
<prop oor:name="SecureURL" oor:op="fuse"><value/></prop>
</item>
<item oor:path="/org.openoffice.Office.Common/Misc"><prop oor:name="FirstRun" oor:op="fuse"><value>false</value></prop></item>
<item oor:path="/org.openoffice.Office.Java/VirtualMachine"><prop oor:name="Enable" oor:op="fuse"><value>false</value></prop></item>
</oor:items>
"#;

/// Converts the first `most` slides (hidden ones count and are then left out), or all.
pub fn to_pdf(work: &Work, deck: &Path, most: Option<u32>) -> Result<PathBuf, Reason> {
    let program = program()?;
    let folder = &work.task.folder;
    let made = prepare(folder, &program).map_err(|error| {
        Reason::new(
            Code::Crashed,
            format!("the conversion can't be prepared: {error}"),
        )
    })?;
    // The first start in a profile that it takes for another version's ends at once with the wish
    // to be started again.
    for _ in 0..2 {
        let converted = convert(work, &program, deck, &made, most);
        if let Some(pdf) = only_pdf(&made) {
            return Ok(pdf);
        }
        match converted {
            Err(reason) if reason.code != Code::Damaged => return Err(reason),
            Err(_) => {}
            Ok(()) => break,
        }
    }
    let told = "LibreOffice can't read the presentation; open it and save it again, or save it as PDF, and upload that";
    Err(Reason::new(Code::Damaged, told))
}

fn convert(
    work: &Work,
    program: &Path,
    deck: &Path,
    made: &Path,
    most: Option<u32>,
) -> Result<(), Reason> {
    let profile = work.task.folder.join("profile");
    // what it is was found out already; looking at the content again could find another program
    let filter = match work.kind {
        Kind::Ppt => "MS PowerPoint 97",
        _ => "Impress MS PowerPoint 2007 XML",
    };
    Tool::new(program, PACKAGE)
        .arg(format!(
            "-env:UserInstallation=file://{}",
            percent_encoded(&profile)
        ))
        .args(["--headless", "--norestore", "--nologo", "--nodefault"])
        .args(["--nolockcheck", &format!("--infilter={filter}")])
        .arg("--convert-to")
        .arg(format!("pdf:impress_pdf_Export:{}", options(most)))
        .arg("--outdir")
        .args([made, deck])
        .run(PRINTED_MOST)
        .map(|_| ())
}

fn options(most: Option<u32>) -> String {
    let range = match most {
        Some(most) => format!(r#","PageRange":{{"type":"string","value":"1-{most}"}}"#),
        None => String::new(),
    };
    format!(r#"{{"ExportHiddenSlides":{{"type":"boolean","value":"false"}}{range}}}"#)
}

/// Where LibreOffice is installed.
fn program() -> Result<PathBuf, Reason> {
    let mut places = PLACES.iter().map(|place| Path::new(place).join(PROGRAM));
    places.find(|program| program.exists()).ok_or_else(|| {
        let told = format!(
            "LibreOffice is not installed on the server (Debian package {PACKAGE}); install it, then process the asset again"
        );
        Reason::new(Code::ToolMissing, told)
    })
}

/// A fresh profile, and an empty folder for the result.
fn prepare(folder: &Path, program: &Path) -> std::io::Result<PathBuf> {
    let user = folder.join("profile/user");
    fs::create_dir_all(user.join("extensions"))?;
    fs::write(user.join("registrymodifications.xcu"), SETTINGS)?;
    if let Some(build) = build(program) {
        fs::write(user.join("extensions/buildid"), build)?;
    }
    let made = folder.join("converted");
    match fs::remove_dir_all(&made) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => fs::create_dir(&made)?,
    }
    Ok(made)
}

/// The version by which it knows its own profiles.
fn build(program: &Path) -> Option<String> {
    let settings = fs::read_to_string(program.with_file_name("versionrc")).ok()?;
    let mut lines = settings.lines();
    let build = lines.find_map(|line| line.strip_prefix("buildid="))?;
    Some(build.trim().to_owned())
}

fn only_pdf(folder: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?;
    let mut paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.find(|path| path.extension().is_some_and(|extension| extension == "pdf"))
}

/// For a URL.
fn percent_encoded(path: &Path) -> String {
    let mut url = String::new();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                url.push(char::from(*byte));
            }
            other => {
                let _ = write!(url, "%{other:02X}");
            }
        }
    }
    url
}
