//! Media work with a worker of the test's own: a shell script that is given the task, and says and
//! leaves whatever the test wants of a good or a bad child.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use super::{Library, Setup};

/// What every script begins with: the task is read, `folder` is where results go, and there is a
/// word for each thing that a child may tell.
const PRELUDE: &str = r#"#!/bin/sh
read -r task
folder=$(printf %s "$task" | sed 's/.*"folder":"\([^"]*\)".*/\1/')
tell() { printf '%s\n' "$1"; }
wants() { printf %s "$task" | grep -q "\"$1\":true"; }
facts() { wants facts && tell '{"Facts":{"Picture":{"codec":"png","size":{"width":20,"height":30},"frame_rate":null,"duration":null}}}'; }
picture() { printf "$1 as webp" > "$folder/$1.webp"; printf "$1 as jpeg" > "$folder/$1.jpg"; }
thumbnail() { picture thumbnail; tell '{"Thumbnail":{"width":3,"height":2}}'; }
cover() { wants cover && picture cover && tell '{"Cover":{"width":30,"height":20}}'; }
coming() { tell "{\"Pages\":{\"coming\":$1}}"; }
page() { printf "picture of page $1" > "$folder/page-$1.jpg"; tell "{\"Page\":{\"number\":$1,\"size\":{\"width\":30,\"height\":20},\"text\":\"text of page $1\"}}"; }
refuse() { tell "{\"Refused\":{\"part\":\"$1\",\"reason\":{\"code\":\"$2\",\"message\":\"$3\"}}}"; }
finish() { tell '"Done"'; }
"#;

/// Makes a library whose files are looked at by this script.
pub fn looked_at_by(script: &str) -> impl FnOnce(&mut Setup) {
    move |setup| {
        let path = setup.config.data.join("worker.sh");
        std::fs::write(&path, format!("{PRELUDE}{script}\n")).unwrap();
        let permissions = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&path, permissions).unwrap();
        setup.config.media = true;
        setup.config.media_program = Some(path);
    }
}

impl Library {
    pub async fn with_worker(script: &str) -> Self {
        Self::with(looked_at_by(script)).await
    }

    /// What an asset's `asset_extra_meta` has of a kind.
    pub async fn meta(&self, asset: &str, kind: &str) -> Value {
        self.show(asset).await["asset_extra_meta"][kind].clone()
    }

    pub async fn thumbnail_url(&self, asset: &str) -> Option<String> {
        let answer = self.summarys(&[asset]).await.ok();
        let url = &answer["asset_list"][0]["thumbnail_url"];
        url.as_str().map(str::to_owned)
    }

    /// Files of a category that are complete, by name and id.
    pub async fn files_of(&self, asset: &str, category: &str) -> Vec<(String, String)> {
        let shown = self.show(asset).await;
        let files = shown["files"].as_array().unwrap();
        let files = files
            .iter()
            .filter(|file| file["asset_file_category"] == category && file["state"] == "CREATED");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        files
            .map(|file| (text(&file["file_name"]), text(&file["file_id"])))
            .collect()
    }

    /// Whether no task has left anything.
    pub fn scratch_is_empty(&self) -> bool {
        let folder = self.app.config.data.join("scratch");
        std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
    }
}
