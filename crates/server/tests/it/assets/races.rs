//! Rules of assets that hold when many change the same thing at once.

use futures_util::future::join_all;
use serde_json::json;

use crate::harness::Library;

/// How many of the answers have each code.
fn tally(codes: &[String], code: &str) -> usize {
    codes.iter().filter(|c| *c == code).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_deletes_deletes() {
    let library = Library::start().await;
    let asset = library.ready_asset("IMAGE", b"x").await;
    let answers = join_all((0..12).map(|_| library.delete_asset(&asset))).await;
    let codes: Vec<_> = answers.iter().map(crate::harness::Answer::code).collect();
    assert_eq!(tally(&codes, "200"), 1, "{codes:?}");
    assert_eq!(tally(&codes, "400 MSS.10009001"), 11, "{codes:?}");
    library.assert_counts_are_right().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn racing_steps_leave_a_legal_state_and_right_counters() {
    let library = Library::start().await;
    for _ in 0..4 {
        let asset = library.ready_asset("IMAGE", b"x").await;
        let steps = (0..16).map(async |n| match n % 4 {
            0 => library.delete_asset(&asset).await,
            1 => library.restore(&asset).await,
            2 => library.set_state(&asset, "ACTIVED").await,
            _ => {
                library
                    .update(&asset, &json!({"tags": [format!("t{n}")]}))
                    .await
            }
        });
        for answer in join_all(steps).await {
            let code = answer.code();
            assert!(
                matches!(&*code, "200" | "400 MSS.10009001" | "409 MSS.10009013"),
                "{}",
                answer.line()
            );
        }
        let state = library.state(&asset).await;
        assert!(
            matches!(&*state, "UNACTIVED" | "ACTIVED" | "DELETING"),
            "{state}"
        );
    }
    library.assert_counts_are_right().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn racing_creates_and_purges_keep_the_counters_right() {
    let library = Library::start().await;
    let kinds = ["IMAGE", "VIDEO", "AUDIO"];
    let lives = (0..24).map(async |n: usize| {
        let body = json!({"asset_name": "n", "asset_type": kinds[n % 3], "tags": ["shared", n.to_string()]});
        let asset = library.create_asset_with(&body).await;
        if n.is_multiple_of(2) {
            library.purge(&asset).await.ok();
        }
    });
    join_all(lives).await;
    assert_eq!(library.rows("assets WHERE state = 'DELETED'").await, 12);
    library.assert_counts_are_right().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_unique_name_goes_to_one_of_many() {
    let library = Library::with(|setup| setup.config.unique_names = true).await;
    let body = json!({"asset_name": "n", "asset_type": "IMAGE"});
    let answers = join_all((0..12).map(|_| library.post("digital-assets", &body))).await;
    let codes: Vec<_> = answers.iter().map(crate::harness::Answer::code).collect();
    assert_eq!(tally(&codes, "200"), 1, "{codes:?}");
    assert_eq!(library.rows("assets").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_version_grows_with_every_change_that_was_acknowledged() {
    let library = Library::start().await;
    let asset = library.create_asset("IMAGE").await;
    let names: Vec<_> = (0..12)
        .map(|n| json!({"asset_name": n.to_string()}))
        .collect();
    let answers = join_all(names.iter().map(|body| library.update(&asset, body))).await;
    let done = answers.iter().filter(|answer| answer.status == 200).count();
    assert!(done > 0);
    assert_eq!(library.show(&asset).await["entrepot_version"], 1 + done);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn batches_over_the_same_assets_do_each_thing_once() {
    let library = Library::start().await;
    let mut assets = Vec::new();
    for _ in 0..6 {
        assets.push(library.ready_asset("IMAGE", b"x").await);
    }
    let ids: Vec<&str> = assets.iter().map(String::as_str).collect();
    let answers = join_all((0..6).map(|_| library.batch("DELETE", &ids))).await;
    let deleted: usize = answers
        .iter()
        .filter_map(|answer| {
            let results = answer.json();
            let good = results["results"]
                .as_array()?
                .iter()
                .find(|r| r["ret_status"] == "SUCCESS")?;
            Some(good["asset_ids"].as_array()?.len())
        })
        .sum();
    assert_eq!(deleted, 6);
    library.assert_counts_are_right().await;
}
