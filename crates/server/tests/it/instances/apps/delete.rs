//! `DELETE /v2/{project_id}/instances/{instance_id}/apps/{app_id}`

use crate::harness::{Library, apps_of};

#[tokio::test]
async fn a_deleted_application_leaves_its_assets() {
    let library = Library::start().await;
    let app = library.create_app("n").await;
    let asset = library.ready_asset("IMAGE", b"x").await;
    library.attach(&app, &[&asset]).await.ok();
    let path = library.apps(&format!("/{app}"));
    assert_eq!(library.delete(&path).await.status, 200);
    assert_eq!(library.get(&path).await.code(), "404 APIG.3019");
    assert_eq!(library.delete(&path).await.code(), "404 APIG.3019");
    assert_eq!(library.state(&asset).await, "UNACTIVED");
    assert_eq!(library.rows("app_assets").await, 0);
    library.create_app("n").await;
}

#[tokio::test]
async fn nobody_deletes_anothers_application() {
    let library = Library::start().await;
    let stranger = library.stranger().await;
    let app = library.create_app("n").await;
    let theirs = apps_of(&stranger, &format!("/{app}"));
    let refused = library.call("DELETE", &theirs).by(&stranger).send().await;
    assert_eq!(refused.code(), "404 APIG.3019");
    library.get(&library.apps(&format!("/{app}"))).await.ok();
}
