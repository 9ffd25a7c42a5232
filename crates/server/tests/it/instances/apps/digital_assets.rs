//! `…/apps/{app_id}/entrepot/digital-assets`: what an application groups.

use entrepot_server::ids::{AppId, AssetId};
use entrepot_server::instances;
use serde_json::{Value, json};

use crate::harness::{DAY, Library, apps_of};

fn path(library: &Library, app: &str) -> String {
    library.apps(&format!("/{app}/entrepot/digital-assets"))
}

#[tokio::test]
async fn what_is_attached_is_listed_with_every_field() {
    let library = Library::start().await;
    let app = library.create_app("n").await;
    let body = json!({"asset_name": "夏", "asset_type": "IMAGE"});
    let first = library.create_asset_with(&body).await;
    let second = library.ready_asset("VIDEO", b"film").await;
    let answer = library.attach(&app, &[&second, &first, &second]).await;
    assert_eq!(answer.ok(), json!({"attached": 2, "total": 2}));
    let list = library.get(&path(&library, &app)).await.ok();
    let expected = json!({"total": 2, "size": 2, "assets": [
        {"asset_id": first, "asset_name": "夏", "asset_type": "IMAGE", "asset_state": "CREATING",
            "attached_at": "2027-01-15T08:00:00Z"},
        {"asset_id": second, "asset_name": "an asset", "asset_type": "VIDEO",
            "asset_state": "UNACTIVED", "attached_at": "2027-01-15T08:00:00Z"}]});
    assert_eq!(list, expected);

    // again, and only what is new counts
    library.pass(DAY);
    let third = library.create_asset("AUDIO").await;
    let answer = library.attach(&app, &[&first, &third]).await;
    assert_eq!(answer.ok(), json!({"attached": 1, "total": 3}));
    let again = library.get(&path(&library, &app)).await.ok();
    assert_eq!(again["assets"][0], list["assets"][0]);
}

#[tokio::test]
async fn all_are_attached_or_none() {
    let library = Library::start().await;
    let stranger = library.stranger().await;
    let app = library.create_app("n").await;
    let asset = library.create_asset("IMAGE").await;
    let purged = library.create_asset("IMAGE").await;
    library.purge(&purged).await.ok();
    let theirs = format!("/v1/{}/digital-assets", stranger.project_id);
    let theirs = library.call("POST", &theirs).by(&stranger);
    let body = json!({"asset_name": "n", "asset_type": "IMAGE"});
    let theirs = theirs.json(&body).send().await.ok()["asset_id"].clone();
    for id in [
        "0123",
        &purged,
        theirs.as_str().unwrap(),
        "",
        &"x".repeat(65),
    ] {
        let refused = library.attach(&app, &[&asset, id, "another"]).await;
        assert_eq!(refused.code(), "400 ROMA.19010", "{id}");
        assert!(
            refused.line().ends_with(&format!("id:{id}")),
            "{}",
            refused.line()
        );
    }
    assert_eq!(library.attached(&app).await, (vec![], 0));
    let nul = library.attach(&app, &[&asset, "\0"]).await;
    assert_eq!(nul.code(), "400 ROMA.13000");
}

#[tokio::test]
async fn a_call_names_1_to_1000_assets() {
    let library = Library::start().await;
    let app = library.create_app("n").await;
    let asset = library.create_asset("IMAGE").await;
    let many = vec![&*asset; 1000];
    assert_eq!(library.attach(&app, &many).await.ok()["attached"], 1);
    let too_many = vec![&*asset; 1001];
    assert_eq!(
        library.attach(&app, &too_many).await.code(),
        "400 ROMA.13000"
    );
    assert_eq!(library.attach(&app, &[]).await.code(), "400 ROMA.13000");
    for body in [
        json!({}),
        json!({"asset_ids": "x"}),
        json!({"asset_ids": [1]}),
    ] {
        let refused = library.put(&path(&library, &app), &body).await;
        assert_eq!(refused.code(), "400 ROMA.13000", "{body}");
    }
}

#[tokio::test]
async fn what_is_detached_stays_in_the_library() {
    let library = Library::start().await;
    let app = library.create_app("n").await;
    let mut assets = Vec::new();
    for _ in 0..4 {
        assets.push(library.create_asset("IMAGE").await);
    }
    let all: Vec<&str> = assets.iter().map(String::as_str).collect();
    library.attach(&app, &all).await.ok();
    let path = path(&library, &app);
    let body = json!({"asset_ids": [&assets[0], "0123"]});
    let detached = library.call("DELETE", &path).json(&body).send().await;
    assert_eq!(detached.ok(), json!({"detached": 1, "total": 3}));
    let query = format!(
        "{path}?asset_ids={},{}&asset_ids=0123",
        assets[1], assets[2]
    );
    assert_eq!(
        library.delete(&query).await.ok(),
        json!({"detached": 2, "total": 1})
    );
    assert_eq!(library.attached(&app).await, (vec![assets[3].clone()], 1));
    library.show(&assets[0]).await;
    for query in ["", "?asset_ids=", "?ids=x"] {
        let refused = library.delete(&format!("{path}{query}")).await;
        assert_eq!(refused.code(), "400 ROMA.13000", "{query}");
    }
}

#[tokio::test]
async fn pages_are_in_the_order_of_ids() {
    let library = Library::start().await;
    let app = library.create_app("n").await;
    let mut assets = Vec::new();
    for _ in 0..5 {
        assets.push(library.create_asset("IMAGE").await);
    }
    let all: Vec<&str> = assets.iter().map(String::as_str).rev().collect();
    library.attach(&app, &all).await.ok();
    let page = async |query: &str| -> Vec<Value> {
        let page = library
            .get(&format!("{}{query}", path(&library, &app)))
            .await
            .ok();
        assert_eq!(page["total"], 5);
        let assets = page["assets"].as_array().unwrap();
        assert_eq!(page["size"], assets.len());
        assets
            .iter()
            .map(|asset| asset["asset_id"].clone())
            .collect()
    };
    assert_eq!(page("").await, assets);
    assert_eq!(page("?limit=2&offset=1").await, assets[1..3]);
    assert!(page("?offset=5").await.is_empty());
    for query in ["?limit=0", "?limit=1001", "?offset=-1", "?after=x"] {
        let refused = library
            .get(&format!("{}{query}", path(&library, &app)))
            .await;
        assert_eq!(refused.code(), "400 ROMA.13000", "{query}");
    }
}

#[tokio::test]
async fn a_deleted_asset_does_not_count_and_is_forgotten_with_its_row() {
    let library = Library::start().await;
    let app = library.create_app("n").await;
    let binned = library.create_asset("IMAGE").await;
    let purged = library.create_asset("IMAGE").await;
    library.attach(&app, &[&binned, &purged]).await.ok();
    library.delete_asset(&binned).await.ok();
    library.purge(&purged).await.ok();
    assert_eq!(library.attached(&app).await, (vec![binned.clone()], 1));
    // 7 days in the bin, 30 deleted
    library.pass(30 * DAY + DAY / 2);
    library.sweep().await;
    assert_eq!(library.attached(&app).await, (vec![], 0));
    assert_eq!(library.rows("app_assets").await, 1);
    library.pass(31 * DAY);
    library.sweep().await;
    assert_eq!(library.rows("app_assets").await, 0);
}

#[tokio::test]
async fn another_instances_application_is_not_there() {
    let library = Library::start().await;
    let stranger = library.stranger().await;
    let app = library.create_app("n").await;
    let theirs = apps_of(&stranger, &format!("/{app}/entrepot/digital-assets"));
    for method in ["GET", "PUT", "DELETE"] {
        let call = library.call(method, &theirs).by(&stranger);
        let call = match method {
            "GET" => call,
            _ => call.json(&json!({"asset_ids": ["x"]})),
        };
        assert_eq!(call.send().await.code(), "404 APIG.3019", "{method}");
    }
}

#[tokio::test]
async fn packages_read_each_asset_once_page_by_page() {
    let library = Library::start().await;
    let mut assets = Vec::new();
    for _ in 0..7 {
        assets.push(library.create_asset("IMAGE").await);
    }
    let (one, other) = (library.create_app("1").await, library.create_app("2").await);
    let unrelated = library.create_app("3").await;
    let ids: Vec<&str> = assets.iter().map(String::as_str).collect();
    library.attach(&one, &ids[..4]).await.ok();
    library.attach(&other, &ids[2..6]).await.ok();
    library.attach(&unrelated, &ids).await.ok();
    library.purge(ids[5]).await.ok();
    let apps = [AppId::new(&one), AppId::new(&other)];
    let read = library.app.db.snapshot(async move |tx| {
        let (mut found, mut after): (Vec<String>, Option<AssetId>) = (Vec::new(), None);
        loop {
            let page = instances::list_attached(tx, &apps, after.as_ref(), 2).await?;
            let full = page.len() == 2;
            found.extend(page.iter().map(|asset| asset.asset_id.to_string()));
            after = page.last().map(|asset| asset.asset_id.clone());
            if !full {
                return Ok(found);
            }
        }
    });
    assert_eq!(read.await.unwrap(), ids[..5]);
    let both = AssetId::new(ids[2]);
    let wanted = both.clone();
    let read = library.app.db.read(async move |tx| {
        instances::attached_apps_of(tx, &[wanted.clone(), AssetId::new("0123")]).await
    });
    let mut of_both: Vec<_> = [&one, &other, &unrelated].map(AppId::new).to_vec();
    of_both.sort();
    let found = read.await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[&both], of_both);
}
