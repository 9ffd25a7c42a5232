//! Any range of an archive is a slice of the whole, however large it is.

use entrepot_archive::model::AssetLines;
use entrepot_server::ids::AssetId;
use futures_util::TryStreamExt;

use crate::harness::Library;

/// Numbers that are the same at every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 20) % n
    }
}

/// Bytes that change every so often.
fn pattern(len: u64, shift: u32) -> Vec<u8> {
    (0..len).map(|i| (i >> shift).to_le_bytes()[0]).collect()
}

/// An application with assets of different sizes, one of them sent in parts.
async fn library_with_files() -> (Library, String) {
    let library = Library::with(|setup| setup.disk = true).await;
    let app = library.create_app("an app").await;
    for n in 0..40_u32 {
        let bytes = pattern(u64::from(n * n) * 200 + 1, 3);
        let asset = library.ready_asset("VIDEO", &bytes).await;
        library.attach(&app, &[&asset]).await.ok();
    }
    let asset = library.create_asset("VIDEO").await;
    let parts: Vec<Vec<u8>> = (0..5_u8)
        .map(|n| vec![n; 70_000 + usize::from(n)])
        .collect();
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    let large = library.upload_parts(&asset, &parts).await;
    library.complete(&large.file, "CREATED").await.ok();
    library.run_due_jobs().await;
    library.attach(&app, &[&asset]).await.ok();
    (library, app)
}

#[tokio::test]
async fn every_range_is_a_slice_of_the_whole() {
    let (library, app) = library_with_files().await;
    let archive = library.exported(&[&app], &[]).await;
    let whole = library.whole_archive(&archive).await;
    let slice =
        |from: u64, to: u64| &whole[usize::try_from(from).unwrap()..usize::try_from(to).unwrap()];
    let mut numbers = Numbers(1);
    let mut ranges = vec![
        (0, 0),
        (0, 1),
        (archive.size - 1, archive.size),
        (archive.size, archive.size),
        (archive.directory_at, archive.size),
        (archive.directory_at - 1, archive.directory_at + 1),
        (archive.directory_at - 1, archive.directory_at),
    ];
    for _ in 0..150 {
        let from = numbers.below(archive.size);
        let to = from + numbers.below(archive.size - from + 1);
        ranges.extend([(from, to), (from, archive.size.min(from + 300))]);
    }
    let layout = library.layout(&archive).await;
    for entry in layout.entries(0, 1000).await.unwrap() {
        let (start, end) = (entry.range.start, entry.range.end);
        ranges.extend([
            (start, start + 1),
            (end - 1, end),
            (start, end),
            (end, archive.size),
        ]);
    }
    for (from, to) in ranges {
        let blocks: Vec<_> = layout.stream(from..to).try_collect().await.unwrap();
        assert!(blocks.concat() == slice(from, to), "{from}..{to}");
    }
}

#[tokio::test]
async fn the_contents_can_be_asked_for_without_reading_them() {
    let (library, app) = library_with_files().await;
    let archive = library.exported(&[&app], &[]).await;
    let layout = library.layout(&archive).await;
    let all = layout.entries(0, 1000).await.unwrap();
    assert_eq!(all.len() as u64, archive.entry_count);
    assert_eq!(all.last().unwrap().range.end, archive.directory_at);
    let mut paged = Vec::new();
    for offset in (0..archive.entry_count).step_by(7) {
        paged.extend(layout.entries(offset, 7).await.unwrap());
    }
    let line = |entry: &entrepot_server::packages::layout::Entry| {
        format!("{:?} {:?}", entry.meta, entry.range)
    };
    assert_eq!(
        paged.iter().map(line).collect::<Vec<_>>(),
        all.iter().map(line).collect::<Vec<_>>()
    );
    assert!(
        layout
            .entries(archive.entry_count, 5)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(layout.entries(3, 0).await.unwrap().is_empty());
    assert_eq!(layout.package.apps[0].name, "an app");
}

#[tokio::test]
async fn an_archive_knows_which_assets_it_has() {
    let library = Library::start().await;
    let app = library.create_app("an app").await;
    let outside = library.ready_asset("IMAGE", b"outside").await;
    let asset = library.ready_asset("IMAGE", b"content").await;
    library.attach(&app, &[&asset]).await.ok();
    let ids: Vec<String> = (0..500).map(|n| format!("{asset}-{n:04}")).collect();
    copy_asset(&library, &asset, &ids, &app).await;
    let archive = library.exported(&[&app], &[]).await;
    let layout = library.layout(&archive).await;
    for id in ids.iter().chain([&asset]) {
        assert!(
            layout.contains_asset(&AssetId::new(id)).await.unwrap(),
            "{id}"
        );
    }
    for id in [outside.as_str(), "0", "zzz", &format!("{asset}-0100x")] {
        assert!(
            !layout.contains_asset(&AssetId::new(id)).await.unwrap(),
            "{id}"
        );
    }
}

#[tokio::test]
async fn assets_of_several_applications_stand_once_and_in_order() {
    let library = Library::start().await;
    let mut apps = Vec::new();
    for name in ["all", "half", "third", "none"] {
        apps.push(library.create_app(name).await);
    }
    let asset = library.ready_asset("IMAGE", b"content").await;
    let ids: Vec<String> = (0..1200).map(|n| format!("{asset}-{n:04}")).collect();
    copy_asset(&library, &asset, &ids, &apps[0]).await;
    for (app, every) in [(&apps[1], 2), (&apps[2], 3)] {
        for id in ids.iter().step_by(every) {
            attach(&library, app, id).await;
        }
    }
    let some: Vec<&str> = apps.iter().map(String::as_str).collect();
    let archive = library.exported(&some, &[]).await;
    let bytes = library.whole_archive(&archive).await;
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut lines = Vec::new();
    let mut entry = zip.by_name("data/assets.jsonl").unwrap();
    std::io::Read::read_to_end(&mut entry, &mut lines).unwrap();
    let lines = AssetLines::new().push(&lines).unwrap();
    assert_eq!(lines.len(), ids.len());
    for (n, line) in lines.iter().enumerate() {
        assert_eq!(line.asset_id, ids[n]);
        let mut expected = vec![apps[0].clone()];
        expected.extend((n % 2 == 0).then(|| apps[1].clone()));
        expected.extend((n % 3 == 0).then(|| apps[2].clone()));
        assert_eq!(line.apps, expected);
    }
}

async fn attach(library: &Library, app: &str, asset: &str) {
    let row = format!("('{app}', '{asset}', 0)");
    let sql = format!("INSERT INTO app_assets (app_id, asset_id, attached_at) VALUES {row}");
    library.sql(&sql).await;
}

/// Assets with the same content under other ids, beside the API.
async fn copy_asset(library: &Library, asset: &str, ids: &[String], app: &str) {
    let all = "project_id, version, url_epoch, name, name_folded, description, asset_type, state, \
        state_before, app_user_id, asset_order, needs_cover, block_reason_code, reason, tags, \
        properties, services, extra_meta, created_at, updated_at, deleted_at";
    for id in ids {
        library
            .sql(&format!(
                "INSERT INTO assets (asset_id, {all}) SELECT '{id}', {all} FROM assets \
                 WHERE asset_id = '{asset}'"
            ))
            .await;
        attach(library, app, id).await;
        copy_files(library, asset, id, 0, 1, "MAIN").await;
    }
}

/// `count` files of `target`, each the first of `asset` once more.
async fn copy_files(
    library: &Library,
    asset: &str,
    target: &str,
    from: u32,
    count: u32,
    category: &str,
) {
    library
        .sql(&format!(
            "INSERT INTO files (file_id, asset_id, project_id, name, file_type, category, state, \
             blob_id, created_at, updated_at) WITH RECURSIVE n (i) AS (SELECT {from} UNION ALL \
             SELECT i + 1 FROM n WHERE i + 1 < {from} + {count}) \
             SELECT '{target}-' || CAST(n.i + 1000000 AS TEXT), '{target}', f.project_id, f.name, \
             f.file_type, '{category}', f.state, f.blob_id, f.created_at, f.updated_at \
             FROM n, (SELECT * FROM files WHERE asset_id = '{asset}' AND category = 'MAIN') f"
        ))
        .await;
}

#[tokio::test]
async fn more_than_65535_entries() {
    let library = Library::with(|setup| setup.disk = true).await;
    let app = library.create_app("an app").await;
    let asset = library.ready_asset("COMMON_FILE", b"one small file").await;
    library.attach(&app, &[&asset]).await.ok();
    // a line of assets.jsonl is bounded, so that there are several
    let ids = [format!("{asset}-1"), format!("{asset}-2")];
    copy_asset(&library, &asset, &ids, &app).await;
    for id in &ids {
        copy_files(&library, &asset, id, 1, 33_000, "OTHER").await;
    }
    let archive = library.exported(&[&app], &[]).await;
    assert_eq!(archive.entry_count, 7 + 1 + 2 * 33_001);
    let whole = library.whole_archive(&archive).await;
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(&whole)).unwrap();
    assert_eq!(zip.len() as u64, archive.entry_count);
    let mut last = zip.by_index(zip.len() - 1).unwrap();
    let mut content = Vec::new();
    std::io::Read::read_to_end(&mut last, &mut content).unwrap();
    assert_eq!(content, b"one small file");
    assert_eq!(library.rows("archive_pins").await, 1);
    for from in [1_234_567, archive.directory_at - 100_000] {
        let part = library.read_archive(&archive, from..from + 50_000).await;
        let from = usize::try_from(from).unwrap();
        assert!(part == whole[from..from + 50_000]);
    }
}

#[tokio::test]
async fn more_than_4_gib() {
    const MIB: u64 = 1024 * 1024;
    let library = Library::start().await;
    let app = library.create_app("an app").await;
    let bytes = pattern(64 * MIB, 9);
    let asset = library.ready_asset("COMMON_FILE", &bytes).await;
    library.attach(&app, &[&asset]).await.ok();
    copy_files(&library, &asset, &asset, 1, 70, "OTHER").await;
    let archive = library.exported(&[&app], &[]).await;
    assert!(archive.size > 71 * 64 * MIB);
    let layout = library.layout(&archive).await;
    let entries = layout.entries(0, 100).await.unwrap();
    let last = entries.last().unwrap();
    assert!(last.range.start > 1 << 32);
    let data_at = last.range.end - 64 * MIB;
    let part = library
        .read_archive(&archive, data_at + 5..data_at + 1005)
        .await;
    assert!(part == bytes[5..1005]);
    // from the header of the last file: what a reader of the directory needs is in the tail
    let tail = library
        .read_archive(&archive, archive.directory_at..archive.size)
        .await;
    assert!(
        tail.windows(4).any(|window| window == b"PK\x06\x06"),
        "the end record is zip64"
    );
}
