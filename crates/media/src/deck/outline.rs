//! The number of slides of a PPTX, from its list of slides.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::task::{Code, Reason};

const LIST: &str = "ppt/presentation.xml";
/// A slide takes some 50 bytes in it; that is enough for 300,000.
const LIST_MOST: u64 = 16 * 1024 * 1024;

/// All, also those that are hidden.
pub fn slides(path: &Path) -> Result<u32, Reason> {
    let file = File::open(path).map_err(|_| broken())?;
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(|_| broken())?;
    let mut xml = Vec::new();
    let list = archive.by_name(LIST).map_err(|_| broken())?;
    list.take(LIST_MOST + 1)
        .read_to_end(&mut xml)
        .map_err(|_| broken())?;
    if xml.len() as u64 > LIST_MOST {
        let told = "the presentation has a list of slides that is too long";
        return Err(Reason::new(Code::TooLarge, told));
    }
    count(&xml)
}

fn count(xml: &[u8]) -> Result<u32, Reason> {
    let mut reader = Reader::from_reader(xml);
    let (mut inside, mut slides) = (false, 0);
    loop {
        match reader.read_event().map_err(|_| broken())? {
            Event::Start(tag) if tag.local_name().as_ref() == b"sldIdLst" => inside = true,
            Event::End(tag) if tag.local_name().as_ref() == b"sldIdLst" => inside = false,
            Event::Start(tag) | Event::Empty(tag)
                if inside && tag.local_name().as_ref() == b"sldId" =>
            {
                slides += 1;
            }
            Event::Eof => return Ok(slides),
            _ => {}
        }
    }
}

fn broken() -> Reason {
    let told = "the presentation is broken; save it again as PPTX, and upload that";
    Reason::new(Code::Damaged, told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_list_of_slides_counts() {
        let xml = br#"<p:presentation xmlns:p="x"><p:sldMasterIdLst><p:sldMasterId id="1"/>
            </p:sldMasterIdLst><p:sldIdLst><p:sldId id="256"/><p:sldId id="257"></p:sldId>
            </p:sldIdLst><p:extLst><p:sldId id="9"/></p:extLst></p:presentation>"#;
        assert_eq!(count(xml).unwrap(), 2);
        assert_eq!(
            count(b"<presentation><sldIdLst/></presentation>").unwrap(),
            0
        );
        assert_eq!(count(b"<a><b></a>").unwrap_err().code, Code::Damaged);
    }
}
