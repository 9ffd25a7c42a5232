//! What is inside, without using it up.

use crate::harness::Library;

#[tokio::test]
async fn contents_are_gone_with_the_package() {
    let library = Library::start().await;
    let package = library.package(1000).await;
    let path = format!("{}/entrepot/contents", package.path);
    library.get(&path).await.ok();
    let answer = library.get(&format!("{path}?limit=0")).await;
    assert_eq!(answer.code(), "400 ROMA.13000");
    library.download(&package).send().await.ok();
    library.this_node().quiet().await;
    assert_eq!(library.get(&path).await.code(), "403 ROMA.19002");
}
