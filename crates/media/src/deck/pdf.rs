//! PDF by Poppler: a page at a time, so that each page has the limits of a process to itself and
//! a page that breaks leaves those before it.

use std::fs;
use std::path::Path;

use crate::deck::text;
use crate::task::{Code, Reason, Size};
use crate::tool::Tool;

/// Debian's, for the sentence that says what to install.
const PACKAGE: &str = "poppler-utils";
const INFO_MOST: usize = 256 * 1024;
/// Of a page's text, bytes that are looked at; what is kept of them is less.
const TEXT_MOST: usize = 64 * 1024;
const QUALITY: &str = "quality=90";

/// How many pages there are.
pub fn pages(path: &Path) -> Result<u32, Reason> {
    let printed = Tool::new("pdfinfo", PACKAGE)
        .args(["-enc", "UTF-8"])
        .arg(path)
        .run(INFO_MOST);
    let printed = match printed {
        // this is how it says that there are none
        Err(reason) if reason.message.contains("the last page (0)") => return Ok(0),
        other => other.map_err(explained)?,
    };
    let printed = String::from_utf8_lossy(&printed);
    // what stands in the document's title must not be taken for it: the last such line is Poppler's
    let mut lines = printed.lines().rev();
    lines
        .find_map(|line| line.strip_prefix("Pages:")?.trim().parse().ok())
        .ok_or_else(|| Reason::new(Code::Damaged, "the PDF doesn't say how many pages it has"))
}

/// Draws a page as JPEG, `side` pixels on its longest side; the name is without `.jpg`.
pub fn draw(path: &Path, number: u32, side: u32, name: &Path) -> Result<Size, Reason> {
    let number = number.to_string();
    Tool::new("pdftoppm", PACKAGE)
        .args(["-jpeg", "-jpegopt", QUALITY, "-cropbox", "-singlefile"])
        .args(["-scale-to", &side.to_string(), "-f", &number, "-l", &number])
        .args([path, name])
        .run(0)
        .map_err(explained)?;
    let drawn = fs::read(name.with_extension("jpg"))
        .ok()
        .and_then(|bytes| turbojpeg::read_header(&bytes).ok())
        .and_then(|header| size(header.width, header.height));
    drawn.ok_or_else(|| {
        let told = "it can't be drawn; save the document as PDF again, and upload that";
        Reason::new(Code::Damaged, told)
    })
}

fn size(width: usize, height: usize) -> Option<Size> {
    Some(Size {
        width: width.try_into().ok()?,
        height: height.try_into().ok()?,
    })
}

/// What a page says. A page without text is still a page, so no failure is told.
pub fn text(path: &Path, number: u32) -> String {
    let number = number.to_string();
    let mut printed = Vec::new();
    let enough = || Reason::new(Code::TooLarge, "there is more text than is kept");
    // ends with an error where there was enough, and what was read before any error counts
    let _ = Tool::new("pdftotext", PACKAGE)
        .args([
            "-q", "-enc", "UTF-8", "-nopgbrk", "-f", &number, "-l", &number,
        ])
        .arg(path)
        .arg("-")
        .stream(|bytes| {
            printed.extend_from_slice(bytes);
            if printed.len() > TEXT_MOST {
                return Err(enough());
            }
            Ok(())
        });
    text::clean(&printed)
}

fn explained(reason: Reason) -> Reason {
    if reason.code != Code::Damaged {
        return reason;
    }
    if reason.message.contains("Incorrect password") {
        let told = "the PDF is locked with a password; upload one without";
        return Reason::new(Code::Encrypted, told);
    }
    let told = format!(
        "the PDF is broken; save or print it as PDF again, and upload that ({})",
        reason.message
    );
    Reason::new(Code::Damaged, told)
}
