//! The JSON of a package: what is written reads back, what is wrong is named.

use entrepot_archive::Moment;
use entrepot_archive::model::{
    App, AppRef, Asset, AssetLines, Category, FORMAT, FORMAT_VERSION, File, Invalid, Package,
    Source, SystemProperty, Task, TaskRef, to_line,
};
use serde_json::{Value, json};

fn moment() -> Moment {
    Moment::from_millis(1_772_352_550_000)
}

fn package() -> Package {
    Package {
        format: FORMAT.into(),
        format_version: FORMAT_VERSION,
        source: Source {
            region: "local-1".into(),
            project_id: "p".into(),
            instance_id: "i".into(),
        },
        created_at: moment(),
        apps: vec![AppRef {
            id: "a1".into(),
            name: "Käse".into(),
        }],
        tasks: vec![TaskRef {
            task_id: "t1".into(),
            task_name: "copy".into(),
        }],
        asset_count: 1,
        file_count: 2,
        byte_count: 3,
    }
}

fn task() -> Task {
    Task {
        task_id: "t1".into(),
        task_name: "copy".into(),
        task_type: "TIMING".into(),
        description: None,
        task_tag: None,
        source_datasource_id: "s".into(),
        target_datasource_id: String::new(),
        task_detail: "{}".into(),
    }
}

fn asset() -> Asset {
    let file = |file_id: &str, category| File {
        file_id: file_id.into(),
        name: "Bild 1.png".into(),
        file_type: "png".into(),
        category,
        size: 3,
        md5: "0".repeat(32),
        sha256: "a".repeat(64),
        path: format!("data/assets/x1/{file_id}.png"),
        created_at: moment(),
    };
    Asset {
        asset_id: "x1".into(),
        apps: vec!["a1".into()],
        name: "Bild".into(),
        description: Some("two\nlines \u{7}".into()),
        asset_type: "IMAGE".into(),
        state: "ACTIVED".into(),
        app_user_id: None,
        order: -3,
        tags: vec!["t".into()],
        system_properties: vec![SystemProperty {
            name: "n".into(),
            value: "v".into(),
        }],
        supported_service: vec![],
        extra_meta: json!({"image_meta": {"w": 1}}).as_object().cloned(),
        needs_cover: true,
        created_at: moment(),
        updated_at: moment(),
        files: vec![file("f1", Category::Main), file("f2", Category::Page)],
    }
}

fn read_assets(text: &[u8]) -> Result<Vec<Asset>, Invalid> {
    let mut lines = AssetLines::new();
    let mut assets = Vec::new();
    for chunk in text.chunks(13) {
        assets.extend(lines.push(chunk)?);
    }
    assets.extend(lines.finish()?);
    Ok(assets)
}

/// `value` with the field at `pointer` replaced.
fn with(value: &impl serde::Serialize, pointer: &str, new: Value) -> Vec<u8> {
    let mut value = serde_json::to_value(value).unwrap();
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    let parent = value.pointer_mut(parent).unwrap();
    match parent {
        Value::Object(fields) => {
            fields.insert(field.into(), new);
        }
        Value::Array(items) => items.push(new),
        _ => panic!("{pointer} is in neither an object nor an array"),
    }
    serde_json::to_vec(&value).unwrap()
}

#[test]
fn what_is_written_reads_back() {
    let package = package();
    assert_eq!(Package::parse(&to_line(&package)).unwrap(), package);
    assert_eq!(Task::parse("t1", &to_line(&task())).unwrap(), task());
    let app = App {
        id: "a1".into(),
        name: "n".into(),
        remark: None,
        favorite: true,
    };
    assert_eq!(App::parse("a1", &to_line(&app)).unwrap(), app);
    let second = Asset {
        asset_id: "x2".into(),
        files: vec![],
        ..asset()
    };
    let text = [to_line(&asset()), to_line(&second)].concat();
    assert_eq!(read_assets(&text).unwrap(), [asset(), second.clone()]);
    assert_eq!(
        read_assets(text.trim_ascii_end()).unwrap(),
        [asset(), second]
    );
}

#[test]
fn fields_of_a_later_writer_are_passed_over() {
    let json = with(&package(), "/later", json!({"x": [1]}));
    assert_eq!(Package::parse(&json).unwrap(), package());
    assert_eq!(
        read_assets(&with(&asset(), "/later", json!(1))).unwrap(),
        [asset()]
    );
}

#[test]
fn another_format_or_version_is_refused_before_the_rest_is_looked_at() {
    let sentence = |json: &[u8]| Package::parse(json).unwrap_err().to_string();
    assert_eq!(
        sentence(br#"{"format": "entrepot-package", "format_version": 2}"#),
        "data/package.json: format_version is 2; this server reads 1"
    );
    assert_eq!(
        sentence(br#"{"format": "zoo", "format_version": 1}"#),
        "data/package.json: format is not “entrepot-package”"
    );
    assert!(sentence(b"{}").contains("missing field `format`"));
    assert!(sentence(b"\xff").starts_with("data/package.json: not the JSON"));
}

#[test]
fn what_is_wrong_with_a_package_is_named() {
    for (pointer, value, problem) in [
        (
            "/apps",
            json!([{"id": "a/b", "name": "n"}]),
            "apps.id is not 1 to 64",
        ),
        (
            "/apps",
            json!([{"id": "a", "name": "n"}, {"id": "a", "name": "m"}]),
            "apps.id has a twice",
        ),
        (
            "/tasks",
            json!([{"task_id": "t", "task_name": "a\u{7}"}]),
            "tasks.task_name has a control",
        ),
        ("/created_at", json!("yesterday"), "a time is written like"),
        ("/asset_count", json!(-1), "not the JSON"),
    ] {
        let sentence = Package::parse(&with(&package(), pointer, value))
            .unwrap_err()
            .to_string();
        assert!(sentence.contains(problem), "{sentence}");
    }
    let renamed = Task::parse("t2", &to_line(&task()))
        .unwrap_err()
        .to_string();
    assert_eq!(
        renamed,
        "data/tasks/t2.json: task_id is not the one of the file's name"
    );
    let app = br#"{"id": "a1", "name": ""}"#;
    assert_eq!(
        App::parse("a1", app).unwrap_err().to_string(),
        "data/apps/a1.json: name is empty"
    );
}

fn assert_refused(pointer: &str, value: Value, problem: &str) {
    let refused = read_assets(&with(&asset(), pointer, value));
    let sentence = refused.unwrap_err().to_string();
    assert!(sentence.starts_with("data/assets.jsonl: "), "{sentence}");
    assert!(sentence.contains(problem), "{sentence}");
}

#[test]
fn what_is_wrong_with_an_asset_is_named() {
    for (pointer, value, problem) in [
        ("/asset_id", json!(""), "asset ?: asset_id is not 1 to 64"),
        (
            "/asset_id",
            json!("a\nb"),
            "asset ?: asset_id is not 1 to 64",
        ),
        (
            "/asset_id",
            json!("x2"),
            "asset x2: files.path is not under data/assets/x2/",
        ),
        (
            "/name",
            json!("x".repeat(513)),
            "asset x1: name has more than 512",
        ),
        (
            "/description",
            json!("a\0b"),
            "asset x1: description has a NUL",
        ),
        ("/state", json!("BLOCK"), "state is not UNACTIVED"),
        ("/apps", json!(["a", "a"]), "apps has a twice"),
        ("/extra_meta", json!([]), "not the JSON"),
    ] {
        assert_refused(pointer, value, problem);
    }
}

#[test]
fn what_is_wrong_with_a_file_is_named() {
    let again = serde_json::to_value(&asset().files[0]).unwrap();
    for (pointer, value, problem) in [
        ("/files/-", again, "files.file_id has f1 twice"),
        (
            "/files/0/md5",
            json!("A".repeat(32)),
            "files.md5 is not 32 lower-case",
        ),
        (
            "/files/0/sha256",
            json!("a".repeat(63)),
            "files.sha256 is not 64 lower-case",
        ),
        (
            "/files/0/path",
            json!("data/assets/x1/../f"),
            "files.path: the name has a segment",
        ),
        (
            "/files/0/path",
            json!("data/assets/x1/f2.png"),
            "files.path has data/assets/x1/f2.png",
        ),
        (
            "/files/1/category",
            json!("MAIN"),
            "2 files of the category Main",
        ),
        (
            "/files/1/category",
            json!("ATTIC"),
            "unknown variant `ATTIC`",
        ),
        (
            "/files/0/size",
            json!(u64::MAX),
            "files.size is beyond 63 bits",
        ),
    ] {
        assert_refused(pointer, value, problem);
    }
}

#[test]
fn assets_are_sorted_and_there_once() {
    let text = to_line(&asset()).repeat(2);
    let sentence = read_assets(&text).unwrap_err().to_string();
    assert!(
        sentence.starts_with("data/assets.jsonl: line 2: the assets are not sorted"),
        "{sentence}"
    );
    assert!(read_assets(b"\n").is_err());
}
