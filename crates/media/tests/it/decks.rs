//! Slides and PDF that LibreOffice itself has made, and what is not to be made of others.

use std::fs;
use std::io::{Cursor, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use entrepot_media::task::{
    Code, DeckFacts, Facts, Family, PAGE_SIDE, PAGES, Part, Size, Step, page,
};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

use crate::telling::{
    Told, assert_colour, assert_sentence, difference, open, run, run_tool, task, tool,
};

const COLOURS: [[u8; 3]; 3] = [[204, 34, 0], [0, 170, 34], [34, 68, 204]];
const WORDS: [&str; 3] = ["Alpha herring", "Bravo walrus", "Charlie pelican"];
const ALL: [Part; 3] = [Part::Facts, Part::Thumbnail, Part::Pages];

/// Slides in flat OpenDocument: each of a colour, with words.
fn outline(slides: usize, hidden: &[usize]) -> String {
    let (mut styles, mut pages) = (Vec::new(), Vec::new());
    for number in 0..slides {
        let [red, green, blue] = COLOURS[number % 3];
        let shown = if hidden.contains(&number) {
            "hidden"
        } else {
            "visible"
        };
        styles.push(format!(
            r##"<style:style style:name="s{number}" style:family="drawing-page"><style:drawing-page-properties draw:fill="solid" draw:fill-color="#{red:02x}{green:02x}{blue:02x}" presentation:visibility="{shown}"/></style:style>"##
        ));
        pages.push(format!(
            r#"<draw:page draw:name="n{number}" draw:style-name="s{number}" draw:master-page-name="M"><draw:frame svg:width="20cm" svg:height="3cm" svg:x="2cm" svg:y="2cm"><draw:text-box><text:p>{} on slide {}</text:p></draw:text-box></draw:frame></draw:page>"#,
            WORDS[number % 3],
            number + 1
        ));
    }
    let (styles, pages) = (styles.concat(), pages.concat());
    let names = ["office", "style", "text", "presentation"]
        .map(|name| format!(r#"xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0""#))
        .join(" ");
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<office:document {names} xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.presentation">
<office:automatic-styles><style:page-layout style:name="L"><style:page-layout-properties fo:page-width="28cm" fo:page-height="15.75cm" fo:margin="0cm"/></style:page-layout>{styles}</office:automatic-styles>
<office:master-styles><style:master-page style:name="M" style:page-layout-name="L"/></office:master-styles>
<office:body><office:presentation>{pages}</office:presentation></office:body></office:document>"#
    )
}

/// Lets LibreOffice save the slides in a format; the name it gets has no extension.
fn deck(folder: &Path, format: &str, slides: usize, hidden: &[usize]) -> PathBuf {
    fs::write(folder.join("deck.fodp"), outline(slides, hidden)).unwrap();
    let profile = format!("-env:UserInstallation=file://{}/made", folder.display());
    tool(
        folder,
        "soffice",
        &format!("{profile} --headless --convert-to {format} deck.fodp"),
    );
    let stored = folder.join("0f3a9c");
    fs::rename(folder.join(format!("deck.{format}")), &stored).unwrap();
    stored
}

fn place() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn look(path: &Path) -> Told {
    run(task(Family::Deck, path, &ALL))
}

fn pages(told: &Told) -> Option<u32> {
    match told.facts() {
        Facts::Deck(DeckFacts { pages }) => *pages,
        other => panic!("{other:?}"),
    }
}

/// Every page in order, with its words and colour.
fn assert_pages(told: &Told, numbers: &[usize]) {
    let shown = told.pages();
    assert_eq!(shown.len(), numbers.len(), "{:?}", told.steps);
    let coming = u32::try_from(numbers.len()).unwrap();
    assert!(told.steps.contains(&Step::Pages { coming }));
    for (page_number, (shown, slide)) in (1..).zip(shown.into_iter().zip(numbers)) {
        assert_eq!(shown.number, page_number);
        let words = format!("{} on slide {}", WORDS[slide % 3], slide + 1);
        assert_eq!(shown.text, words);
        let Size { width, height } = shown.size;
        assert!(width == PAGE_SIDE && (1079..=1081).contains(&height));
        let path = page(told.folder.path(), page_number);
        if page_number % 10 > 3 {
            assert!(path.exists());
            continue;
        }
        let picture = open(&path);
        assert_eq!(picture.dimensions(), (width, height));
        assert_colour(&picture, 1800, 1000, COLOURS[slide % 3]);
    }
}

#[test]
fn a_pptx_is_shown_page_by_page() {
    let place = place();
    let stored = deck(place.path(), "pptx", 3, &[]);
    let told = look(&stored);
    assert_eq!(pages(&told), Some(3));
    assert_pages(&told, &[0, 1, 2]);
    assert_eq!(
        told.thumbnail_size(),
        Size {
            width: 320,
            height: 180
        }
    );
    assert_colour(&told.thumbnail(), 300, 160, COLOURS[0]);
    assert_only_thumbnail(&stored);
}

/// Without pages only the first one is looked at.
fn assert_only_thumbnail(stored: &Path) {
    let told = run(task(Family::Deck, stored, &[Part::Facts, Part::Thumbnail]));
    assert_eq!(pages(&told), Some(3));
    assert!(told.pages().is_empty());
    assert_colour(&told.thumbnail(), 300, 160, COLOURS[0]);
    assert!(!page(told.folder.path(), 1).exists());
}

#[test]
fn a_binary_ppt_is_shown_page_by_page() {
    let place = place();
    let stored = deck(place.path(), "ppt", 3, &[]);
    let told = look(&stored);
    assert_eq!(pages(&told), Some(3));
    assert_pages(&told, &[0, 1, 2]);
    assert_colour(&told.thumbnail(), 300, 160, COLOURS[0]);
    let told = run(task(Family::Deck, &stored, &[Part::Facts, Part::Thumbnail]));
    assert_eq!(pages(&told), None, "not known before it is converted");
    assert_colour(&told.thumbnail(), 300, 160, COLOURS[0]);
}

#[test]
fn a_pdf_is_shown_page_by_page_like_poppler_draws_it() {
    let place = place();
    let stored = deck(place.path(), "pdf", 3, &[]);
    let told = look(&stored);
    assert_eq!(pages(&told), Some(3));
    assert_pages(&told, &[0, 1, 2]);
    tool(
        place.path(),
        "pdftoppm",
        "-png -r 200 -f 2 -l 2 -singlefile 0f3a9c two",
    );
    let filter = image::imageops::FilterType::Triangle;
    let small = |path: &Path| image::imageops::resize(&open(path), 480, 270, filter);
    let reference = small(&place.path().join("two.png"));
    let shown = small(&page(told.folder.path(), 2));
    assert!(difference(&shown, &reference) < 2.0);
    assert_only_thumbnail(&stored);
}

#[test]
fn only_fifty_pages_are_shown() {
    let place = place();
    let told = look(&deck(place.path(), "pptx", 60, &[]));
    assert_eq!(pages(&told), Some(60));
    assert_pages(&told, &(0..PAGES as usize).collect::<Vec<_>>());
}

#[test]
fn hidden_slides_are_left_out() {
    let place = place();
    let stored = deck(place.path(), "pptx", 3, &[0]);
    let told = look(&stored);
    assert_eq!(pages(&told), Some(3));
    assert_pages(&told, &[1, 2]);
    let told = run(task(Family::Deck, &stored, &[Part::Thumbnail]));
    assert_colour(&told.thumbnail(), 300, 160, COLOURS[1]);
}

/// A PDF of bare pages, each of so many points.
fn bare_pdf(count: usize, width: u32, height: u32) -> Vec<u8> {
    let mut pdf = b"%PDF-1.4\n".to_vec();
    let mut places = Vec::new();
    let kids: Vec<String> = (0..count).map(|n| format!("{} 0 R", n + 3)).collect();
    let mut objects = vec![
        "<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(while\\(1\\){})>>>>".to_owned(),
        format!("<</Type/Pages/Count {count}/Kids[{}]>>", kids.join(" ")),
    ];
    for _ in 0..count {
        objects.push(format!(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 {width} {height}]>>"
        ));
    }
    for (number, object) in objects.iter().enumerate() {
        places.push(pdf.len());
        pdf.extend_from_slice(format!("{} 0 obj{object}endobj\n", number + 1).as_bytes());
    }
    let table = pdf.len();
    pdf.extend_from_slice(
        format!("xref\n0 {}\n0000000000 65535 f \n", places.len() + 1).as_bytes(),
    );
    for place in &places {
        pdf.extend_from_slice(format!("{place:010} 00000 n \n").as_bytes());
    }
    let size = places.len() + 1;
    let end = format!("trailer<</Size {size}/Root 1 0 R>>\nstartxref\n{table}\n%%EOF\n");
    pdf.extend_from_slice(end.as_bytes());
    pdf
}

fn look_at(bytes: &[u8]) -> Told {
    let place = place();
    let path = place.path().join("key");
    fs::write(&path, bytes).unwrap();
    look(&path)
}

#[test]
fn a_pdf_of_odd_measures_stays_within_bounds() {
    let place = place();
    let many = place.path().join("many");
    fs::write(&many, bare_pdf(10_000, 100, 100)).unwrap();
    let told = run(task(Family::Deck, &many, &[Part::Facts, Part::Thumbnail]));
    assert_eq!(pages(&told), Some(10_000));
    assert_eq!(told.thumbnail_size().width, 320);
    // 14,400 inches are the most that PDF knows
    let told = look_at(&bare_pdf(1, 1_036_800, 1_036_800));
    assert_eq!(told.pages()[0].size.width, PAGE_SIDE);
    let told = look_at(&bare_pdf(0, 1, 1));
    assert_eq!(pages(&told), Some(0));
    assert_eq!(told.refused(Part::Pages).code, Code::NothingToShow);
    assert_eq!(told.refused(Part::Thumbnail).code, Code::NothingToShow);
}

#[test]
fn a_pdf_whose_table_is_broken_is_read_all_the_same() {
    let mut pdf = bare_pdf(2, 200, 100);
    let table = pdf.windows(4).rposition(|four| four == b"xref").unwrap();
    pdf[table..].fill(b'x');
    pdf.extend_from_slice(b"\n%%EOF\n");
    assert_eq!(pages(&look_at(&pdf)), Some(2));
}

#[test]
fn a_pdf_of_garbage_is_damaged() {
    let mut garbage = b"%PDF-1.7\n".to_vec();
    garbage.extend((0..20_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[3]));
    garbage.extend_from_slice(b"\n%%EOF\n");
    look_at(&garbage).all_refused(Code::Damaged);
}

#[test]
fn a_locked_pdf_says_so() {
    let place = place();
    fs::write(place.path().join("deck.fodp"), outline(1, &[])).unwrap();
    let profile = format!(
        "-env:UserInstallation=file://{}/made",
        place.path().display()
    );
    let locked = r#"pdf:impress_pdf_Export:{"EncryptFile":{"type":"boolean","value":"true"},"DocumentOpenPassword":{"type":"string","value":"secret"}}"#;
    let args = [
        profile.as_str(),
        "--headless",
        "--convert-to",
        locked,
        "deck.fodp",
    ];
    run_tool(place.path(), "soffice", &args);
    look(&place.path().join("deck.pdf")).all_refused(Code::Encrypted);
}

/// Copies a PPTX, with pictures on its first slide that lie elsewhere.
fn with_links(from: &Path, to: &Path, targets: &[&str]) {
    let (mut pictures, mut relations) = (Vec::new(), Vec::new());
    for (number, target) in targets.iter().enumerate() {
        pictures.push(format!(
            r#"<p:pic><p:nvPicPr><p:cNvPr id="{number}77" name="x"/><p:cNvPicPr/><p:nvPr/></p:nvPicPr><p:blipFill><a:blip r:link="rId{number}77" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"/><a:stretch><a:fillRect/></a:stretch></p:blipFill><p:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="10080000" cy="5670000"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></p:spPr></p:pic>"#
        ));
        relations.push(format!(
            r#"<Relationship Id="rId{number}77" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image" Target="{target}" TargetMode="External"/>"#
        ));
    }
    let (pictures, relations) = (pictures.concat(), relations.concat());
    let mut old = zip::ZipArchive::new(fs::File::open(from).unwrap()).unwrap();
    let mut new = zip::ZipWriter::new(fs::File::create(to).unwrap());
    for index in 0..old.len() {
        let mut part = old.by_index(index).unwrap();
        let name = part.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        part.read_to_end(&mut bytes).unwrap();
        let (before, added) = match name.as_str() {
            "ppt/slides/slide1.xml" => ("</p:spTree>", &pictures),
            "ppt/slides/_rels/slide1.xml.rels" => ("</Relationships>", &relations),
            _ => ("", &String::new()),
        };
        if !before.is_empty() {
            let text = String::from_utf8(bytes).unwrap();
            bytes = text.replace(before, &format!("{added}{before}")).into();
        }
        new.start_file(name, SimpleFileOptions::default()).unwrap();
        new.write_all(&bytes).unwrap();
    }
    new.finish().unwrap();
}

#[test]
fn what_a_slide_links_to_is_not_fetched() {
    let place = place();
    let stored = deck(place.path(), "pptx", 1, &[]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = format!("http://{}/p.png", listener.local_addr().unwrap());
    let linking = place.path().join("linking");
    // the last one lies where programs may read
    let readable = "file:///usr/lib/libreoffice/program/shell/logo.svg";
    with_links(
        &stored,
        &linking,
        &[&address, "file:///etc/hostname", readable],
    );
    let told = look(&linking);
    assert_pages(&told, &[0]);
    assert!(listener.accept().is_err(), "somebody asked for the picture");
}

/// No more of a PPTX than what it is known by.
fn bare_pptx(list: &[u8]) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let mut archive = zip::ZipWriter::new(&mut bytes);
    for (name, part) in [
        ("[Content_Types].xml", b"<Types/>".as_slice()),
        ("ppt/presentation.xml", list),
    ] {
        archive
            .start_file(name, SimpleFileOptions::default())
            .unwrap();
        archive.write_all(part).unwrap();
    }
    archive.finish().unwrap();
    bytes.into_inner()
}

#[test]
fn a_broken_presentation_says_so() {
    look_at(&bare_pptx(b"<p:presentation><p:sldIdLst></p:presentation>"))
        .all_refused(Code::Damaged);
    let hollow =
        b"<p:presentation xmlns:p='p'><p:sldIdLst><p:sldId/></p:sldIdLst></p:presentation>";
    let told = look_at(&bare_pptx(hollow));
    assert_eq!(pages(&told), Some(1));
    for part in [Part::Thumbnail, Part::Pages] {
        assert_eq!(told.refused(part).code, Code::Damaged);
        assert_sentence(told.refused(part));
    }
}

#[test]
fn a_presentation_without_slides_has_nothing_to_show() {
    let told = look_at(&bare_pptx(b"<presentation><sldIdLst/></presentation>"));
    assert_eq!(pages(&told), Some(0));
    for part in [Part::Thumbnail, Part::Pages] {
        assert_eq!(told.refused(part).code, Code::NothingToShow);
    }
}

#[test]
fn a_presentation_that_unpacks_to_too_much_is_refused() {
    let bomb = bare_pptx(&vec![b' '; 300 << 20]);
    assert!(bomb.len() < 1 << 20);
    look_at(&bomb).all_refused(Code::TooLarge);
}

#[test]
fn a_picture_is_no_deck() {
    let place = place();
    tool(place.path(), "convert", "-size 40x30 xc:red red.png");
    look(&place.path().join("red.png")).all_refused(Code::FormatMismatch);
}
