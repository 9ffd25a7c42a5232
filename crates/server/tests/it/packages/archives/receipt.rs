//! A package that is used up by its receipt.

use crate::harness::{Call, Library};

use super::super::package::Package;

fn with_receipt<'a>(library: &'a Library, package: &Package) -> Call<'a> {
    let call = library.download(package);
    call.header("x-entrepot-receipt", "required")
}

#[tokio::test]
async fn the_receipt_uses_it_up_and_the_last_byte_does_not() {
    let library = Library::start().await;
    let package = library.package(1000).await;
    for _ in 0..2 {
        let answer = with_receipt(&library, &package).send().await;
        assert_eq!(answer.body, package.bytes);
        assert_eq!(answer.header("x-entrepot-receipt"), "required");
    }
    // the terms are those of the first download
    let answer = library.download(&package).send().await;
    assert_eq!(answer.header("x-entrepot-receipt"), "required");
    assert_eq!(
        library.give_receipt(&package, "0").await.code(),
        "400 ROMA.19008"
    );
    library.this_node().quiet().await;
    let colleague = library.colleague().await;
    let path = format!("{}/entrepot/receipt", package.path);
    let body = serde_json::json!({"digest": package.digest});
    let other = || library.call("POST", &path).by(&colleague).json(&body);
    assert_eq!(other().send().await.code(), "403 ROMA.19007");
    for _ in 0..2 {
        let answer = library.give_receipt(&package, &package.digest).await;
        assert_eq!(answer.ok()["state"], "CONSUMED");
    }
    assert_eq!(other().send().await.code(), "403 ROMA.19002");
    assert_eq!(
        library.give_receipt(&package, "0").await.code(),
        "403 ROMA.19002"
    );
    assert_eq!(
        with_receipt(&library, &package).send().await.code(),
        "403 ROMA.19002"
    );
}

#[tokio::test]
async fn a_receipt_without_a_download_changes_nothing() {
    let library = Library::start().await;
    let package = library.package(1000).await;
    let answer = library.give_receipt(&package, &package.digest).await;
    assert_eq!(answer.code(), "400 ROMA.19008");
    assert_eq!(library.record(&package).await["state"], "READY");
    let call = library.download(&package);
    let answer = call.header("x-entrepot-receipt", "please").send().await;
    assert_eq!(answer.code(), "400 ROMA.13000");
}

#[tokio::test]
async fn a_receipt_is_taken_for_a_lease_without_one() {
    let library = Library::start().await;
    let node = library.this_node();
    let package = library.package(600_000).await;
    node.cut(library.download(&package), 1).await;
    let answer = library.give_receipt(&package, &package.digest).await;
    assert_eq!(answer.ok()["state"], "CONSUMED");
}
