//! Rotating: on one node, on two with a key file each, and cut off anywhere.

use entrepot_server::vault::{self, MasterKey, Next, Serving, Source};

use super::{add_key, call_with, is_sqlite, key_file, left_behind, new_key, opens};
use crate::harness::{Library, Node};

#[tokio::test]
async fn a_rotation_beside_a_running_server_leaves_only_the_new_key() {
    let library = Library::start().await;
    let (server, command) = (library.this_node(), library.node().await);
    let app = library.create_app("n").await;
    let secret = library.apps(&format!("/{app}/secret"));
    let before = library.get(&secret).await.ok();
    let former = library.data().join("former.key");
    std::fs::copy(key_file(&library), &former).unwrap();

    let rotated = vault::rotate(&command.app, None).await.unwrap();
    assert_eq!((rotated.pass.resealed, rotated.pass.failed), (2, 0));
    let placed = MasterKey::read(&key_file(&library)).unwrap().unwrap();
    assert_eq!(placed.id(), rotated.master_id);
    assert!(!library.data().join("master.key.new").exists());
    if is_sqlite(&library.app) {
        assert_eq!(rotated.next, Next::Nothing);
    } else {
        assert_eq!(rotated.next, Next::Finish);
        assert!(opens(&library, &former).await.is_ok());
        let finished = vault::finish(&command.app).await.unwrap();
        assert_eq!(finished.dropped.len(), 1);
    }
    assert!(opens(&library, &former).await.is_err());
    assert!(opens(&library, &key_file(&library)).await.is_ok());

    // the server has not looked since
    assert_ne!(library.app.vault.ring().active().key_id(), rotated.key_id);
    assert_eq!(library.get(&secret).await.ok(), before);
    assert_eq!(library.app.vault.ring().active().key_id(), rotated.key_id);
    assert_eq!(
        call_with(&library, &server, &library.owner.access_key).await,
        200
    );
    assert_eq!(left_behind(&library).await, 0);
    assert_eq!(
        library
            .rows("audit WHERE action = 'entrepot:admin:master-key-rotate'")
            .await,
        1
    );
}

#[tokio::test]
async fn a_server_with_its_key_from_elsewhere_is_waited_for() {
    let library = Library::start().await;
    let command = library.node().await;
    let serving = Serving::lock(library.data()).unwrap();
    assert!(Serving::lock(library.data()).is_err());
    let own = MasterKey::read(&key_file(&library)).unwrap().unwrap();
    serving.tell(&Source::Environment(own)).unwrap();
    let rotated = vault::rotate(&command.app, None).await.unwrap();
    assert_eq!(rotated.next, Next::Finish);
    serving.tell(&Source::File(key_file(&library))).unwrap();
    let again = vault::rotate(&command.app, None).await.unwrap();
    assert_eq!(again.master_id, rotated.master_id);
    assert_eq!(again.next == Next::Nothing, is_sqlite(&library.app));
}

#[tokio::test]
async fn links_stay_good_and_new_ones_are_known_at_once() {
    let library = Library::start().await;
    let (here, there) = (library.this_node(), library.node().await);
    let asset = library.create_asset("IMAGE").await;
    let file = library.upload(&asset, "MAIN", b"x").await;
    let old = library.download_url(&asset, &file).await.unwrap();
    // a call by key might open a sealed text, and so learn of the new key
    let token = library.create_token().await;
    let path = format!("digital-assets/{asset}");
    let url_from = async |node: &Node| {
        let shown = node.send(library.call("GET", &path).token(&token)).await;
        let url = &shown.ok()["files"][0]["download_url"];
        url.as_str().unwrap().to_owned()
    };
    vault::rotate(&there.app, None).await.unwrap();
    assert_eq!(url_from(&here).await, old);
    let new = url_from(&there).await;
    assert_ne!(old, new);
    for url in [&new, &old] {
        for node in [&here, &there] {
            assert_eq!(
                node.send(library.object("GET", url)).await.status,
                200,
                "{url}"
            );
        }
    }
    let name = new
        .split("AccessKeyId=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap();
    let unknown = new.replace(name, "ABCDEFGHJKLMNPQRSTUV");
    assert_eq!(library.fetch(&unknown).await.code(), "403 AccessDenied");
}

#[tokio::test]
async fn two_nodes_with_key_files_of_their_own() {
    let library = Library::start().await;
    let (own, theirs) = (key_file(&library), library.data().join("theirs.key"));
    std::fs::copy(&own, &theirs).unwrap();
    let here = library.this_node();
    let there = library.node_with_key(&theirs).await;
    let (given, new) = new_key(&library, "given.key");
    let owner = &library.owner.access_key;

    let rotated = vault::rotate(&here.app, Some(&given)).await.unwrap();
    assert_eq!(rotated.master_id, new.id());
    assert_eq!(rotated.next, Next::PutInPlace(Some(given.clone())));
    add_key(&library, &here.app, "BYHERE").await;
    for node in [&here, &there] {
        assert_eq!(call_with(&library, node, owner).await, 200);
        assert_eq!(call_with(&library, node, "BYHERE").await, 200);
    }
    let refused = vault::finish(&here.app).await.unwrap_err();
    assert!(refused.message.contains("still has"), "{refused}");
    let (_, other) = new_key(&library, "other.key");
    let refused = vault::rotate(&here.app, Some(&library.data().join("other.key"))).await;
    assert!(
        refused.unwrap_err().message.contains(new.id()),
        "{}",
        other.id()
    );
    let again = vault::rotate(&here.app, Some(&given)).await.unwrap();
    assert_eq!((again.key_id, again.pass.resealed), (rotated.key_id, 0));

    // both keys start a node until the end, and the new one alone afterwards
    for file in [&own, &given] {
        assert!(opens(&library, file).await.is_ok());
    }
    std::fs::copy(&given, &own).unwrap();
    let finished = vault::finish(&here.app).await.unwrap();
    assert_eq!(finished.dropped.len(), 1);
    add_key(&library, &here.app, "LATER").await;
    // this node goes on, though its file is not replaced yet, but could not start again
    there.app.vault.reload().await.unwrap();
    assert_eq!(call_with(&library, &there, "LATER").await, 200);
    assert!(opens(&library, &theirs).await.is_err());
    std::fs::copy(&given, &theirs).unwrap();
    assert!(opens(&library, &theirs).await.is_ok());

    // and the next one, which its node must read the file for
    vault::rotate(&here.app, None).await.unwrap();
    std::fs::copy(&own, &theirs).unwrap();
    vault::finish(&here.app).await.unwrap();
    add_key(&library, &here.app, "NEXT").await;
    assert_eq!(call_with(&library, &there, "NEXT").await, 200);
}

#[tokio::test]
async fn cut_off_anywhere_it_opens_and_goes_on() {
    for step in ["written", "introduced", "placed", "sealed in part"] {
        let library = Library::start().await;
        for key in ["ONE", "TWO"] {
            add_key(&library, &library.app, key).await;
        }
        let (waiting, new) = new_key(&library, "master.key.new");
        let command = library.node().await;
        if step != "written" {
            let current = MasterKey::read(&key_file(&library)).unwrap().unwrap();
            vault::introduce(&command.app, &current, &new)
                .await
                .unwrap();
        }
        if step == "placed" || step == "sealed in part" {
            std::fs::rename(&waiting, key_file(&library)).unwrap();
        }
        if step == "sealed in part" {
            vault::reseal(&command.app).await.unwrap();
            add_key(&library, &library.app, "THREE").await;
        }
        drop(command);
        assert!(opens(&library, &key_file(&library)).await.is_ok(), "{step}");
        let again = library.node().await;
        assert_eq!(
            call_with(&library, &again, &library.owner.access_key).await,
            200
        );
        let rotated = vault::rotate(&again.app, None).await.unwrap();
        assert_eq!(rotated.master_id, new.id(), "{step}");
        vault::finish(&again.app).await.unwrap();
        assert!(!waiting.exists());
        assert_eq!(library.rows("vault_keys").await, 2, "{step}");
        for node in [&again, &library.this_node()] {
            assert_eq!(call_with(&library, node, "TWO").await, 200, "{step}");
        }
        library.app.vault.reload().await.unwrap();
        assert_eq!(left_behind(&library).await, 0, "{step}");
    }
}

#[tokio::test]
async fn status_names_keys_and_counts_and_no_secret() {
    let library = Library::start().await;
    library.create_app("n").await;
    let status = async || {
        let status = vault::status(&library.app).await.unwrap();
        serde_json::to_value(status).unwrap()
    };
    let before = status().await;
    assert_eq!(before["under_way"], false);
    assert_eq!(before["data_keys"][0]["secrets"]["apps.secret"], 1);
    assert_eq!(before["data_keys"][0]["secrets"]["access_keys.secret"], 1);
    let (given, new) = new_key(&library, "given.key");
    vault::rotate(&library.app, Some(&given)).await.unwrap();
    library
        .execute("UPDATE apps SET secret = 'v2:gone:AAAA'")
        .await;
    let after = status().await;
    assert_eq!(
        (&after["under_way"], &after["lost"]),
        (&true.into(), &1.into())
    );
    assert_eq!(after["master_keys"][1]["master_id"], new.id());
    assert_eq!(after["master_keys"][0]["configured"], true);
    assert_eq!(after["data_keys"][1]["active"], true);
    assert_eq!(after["data_keys"][1]["secrets"]["access_keys.secret"], 1);
    assert_eq!(
        after["data_keys"][1]["master_ids"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}
