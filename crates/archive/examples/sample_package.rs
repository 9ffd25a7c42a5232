//! Writes a small package to the file that is named, and prints its digest:
//! `cargo run -p entrepot-archive --example sample_package -- sample.zip`

use std::error::Error;

use entrepot_archive::bag::{self, Oxum, bag_info, put_manifest_line};
use entrepot_archive::model::{
    self, App, AppRef, Asset, Category, FORMAT, FORMAT_VERSION, File, Package, Source,
};
use entrepot_archive::{
    DosTime, EntryMeta, EntryPath, Method, Moment, PackageDigest, central_header, deflate,
    end_of_directory, hex, layout, local_header,
};
use sha2::{Digest, Sha256};

const PICTURE: &[u8] = b"not really a picture";
const CREATED_AT: i64 = 1_772_352_550_000;

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

fn main() -> Result<()> {
    let target = std::env::args().nth(1).ok_or("name the file to write")?;
    let (bytes, digest) = write(&entries()?);
    std::fs::write(target, bytes)?;
    println!("{}", hex(&digest));
    Ok(())
}

/// Every entry but the users' files is deflated.
fn write(entries: &[(EntryPath, Vec<u8>, Method)]) -> (Vec<u8>, [u8; 32]) {
    let time = DosTime::from_unix(CREATED_AT / 1000);
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    let mut digest = PackageDigest::new();
    for (path, content, method) in entries {
        let (data, meta) = pack(path, content, *method);
        let header = local_header(&meta, time);
        directory.extend(central_header(&meta, archive.len() as u64, time));
        digest.entry(&header, &Sha256::digest(&data).into());
        archive.extend(header);
        archive.extend(data);
    }
    let end = end_of_directory(
        entries.len() as u64,
        directory.len() as u64,
        archive.len() as u64,
    );
    directory.extend(end);
    digest.tail(&directory);
    archive.extend(directory);
    (archive, digest.finish())
}

fn pack(path: &EntryPath, content: &[u8], method: Method) -> (Vec<u8>, EntryMeta) {
    if method == Method::Deflated {
        let (data, deflated) = deflate(content);
        return (data, deflated.meta(path.clone()));
    }
    let meta = EntryMeta {
        path: path.clone(),
        method,
        crc32: crc32fast::hash(content),
        size: content.len() as u64,
        compressed_size: content.len() as u64,
    };
    (content.to_vec(), meta)
}

fn entries() -> Result<Vec<(EntryPath, Vec<u8>, Method)>> {
    let picture = layout::file_path("asset-1", "file-1", "PNG")?;
    let payload = vec![
        (
            EntryPath::new(layout::PACKAGE)?,
            model::to_line(&package()),
            Method::Deflated,
        ),
        (
            layout::app_path("app-1")?,
            model::to_line(&app()),
            Method::Deflated,
        ),
        (
            EntryPath::new(layout::ASSETS)?,
            model::to_line(&asset(&picture)),
            Method::Deflated,
        ),
        (picture, PICTURE.to_vec(), Method::Stored),
    ];
    let oxum = Oxum {
        bytes: payload.iter().map(|entry| entry.1.len() as u64).sum(),
        files: payload.len() as u64,
    };
    let manifest = manifest(&payload);
    let mut tags = vec![
        tag(layout::BAGIT, bag::BAGIT_TXT)?,
        tag(
            layout::BAG_INFO,
            &bag_info(Moment::from_millis(CREATED_AT), oxum),
        )?,
        tag(layout::MANIFEST, &manifest)?,
    ];
    let tag_manifest = self::manifest(&tags);
    tags.push(tag(layout::TAG_MANIFEST, &tag_manifest)?);
    tags.extend(payload);
    Ok(tags)
}

fn tag(name: &str, content: &str) -> Result<(EntryPath, Vec<u8>, Method)> {
    Ok((EntryPath::new(name)?, content.into(), Method::Deflated))
}

fn manifest(entries: &[(EntryPath, Vec<u8>, Method)]) -> String {
    let mut manifest = String::new();
    for (path, content, _) in entries {
        put_manifest_line(&mut manifest, &Sha256::digest(content).into(), path);
    }
    manifest
}

fn package() -> Package {
    Package {
        format: FORMAT.into(),
        format_version: FORMAT_VERSION,
        source: Source {
            region: "local-1".into(),
            project_id: "project-1".into(),
            instance_id: "instance-1".into(),
        },
        created_at: Moment::from_millis(CREATED_AT),
        apps: vec![AppRef {
            id: "app-1".into(),
            name: "Sample".into(),
        }],
        tasks: vec![],
        asset_count: 1,
        file_count: 1,
        byte_count: PICTURE.len() as u64,
    }
}

fn app() -> App {
    App {
        id: "app-1".into(),
        name: "Sample".into(),
        remark: None,
        favorite: false,
    }
}

fn asset(picture: &EntryPath) -> Asset {
    let created_at = Moment::from_millis(CREATED_AT);
    let file = File {
        file_id: "file-1".into(),
        name: "picture.png".into(),
        file_type: "PNG".into(),
        category: Category::Main,
        size: PICTURE.len() as u64,
        md5: "5ffc0cc0bbb9bfbfaacf0680e9f525ff".into(),
        sha256: hex(&Sha256::digest(PICTURE)),
        path: picture.to_string(),
        created_at,
    };
    Asset {
        asset_id: "asset-1".into(),
        apps: vec!["app-1".into()],
        name: "A picture".into(),
        description: None,
        asset_type: "IMAGE".into(),
        state: "ACTIVED".into(),
        app_user_id: None,
        order: 0,
        tags: vec![],
        system_properties: vec![],
        supported_service: vec![],
        extra_meta: None,
        needs_cover: false,
        created_at,
        updated_at: created_at,
        files: vec![file],
    }
}
