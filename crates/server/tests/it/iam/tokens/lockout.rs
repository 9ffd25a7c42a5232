//! Wrong passwords in a row.

use serde_json::json;

use crate::harness::{Answer, Library};

async fn ask(library: &Library, name: &str, password: &str) -> Answer {
    let mut body = library.password_body();
    let user = &mut body["auth"]["identity"]["password"]["user"];
    user["name"] = json!(name);
    user["password"] = json!(password);
    library.ask_for_token(&body).await
}

#[tokio::test]
async fn five_wrong_passwords_in_a_row_lock_a_user_but_nobody_else() {
    let library = Library::start().await;
    let user = library.user("u").await;
    for _ in 0..5 {
        let wrong = ask(&library, "owner", "wrong").await;
        assert_eq!(wrong.code(), "401 Unauthorized");
        assert!(wrong.text().contains("username or password is wrong"));
    }
    let right = &library.owner.password.clone();
    let locked = ask(&library, "owner", right).await;
    insta::assert_snapshot!(locked.text(), @r#"{"error":{"code":401,"message":"Too many wrong passwords in a row: the user is locked for this address for 5 minutes.","title":"Unauthorized"}}"#);
    // by their id they are the same user
    let mut body = library.password_body();
    body["auth"]["identity"]["password"]["user"] =
        json!({"id": library.owner.user_id, "password": right});
    let by_id = library.ask_for_token(&body).await;
    assert_eq!(by_id.text(), locked.text());
    assert_eq!(ask(&library, "u", &user.password).await.status, 201);
    // keys are locked by themselves
    library.get("digital-assets").await.ok();
}

#[tokio::test]
async fn a_user_who_is_not_there_is_locked_too() {
    let library = Library::start().await;
    for _ in 0..5 {
        ask(&library, "nobody", "wrong").await;
    }
    let locked = ask(&library, "nobody", "wrong").await;
    assert!(locked.text().contains("locked"), "{}", locked.text());
    let other = ask(&library, "nobody else", "wrong").await;
    assert!(!other.text().contains("locked"), "{}", other.text());
}

#[tokio::test]
async fn the_right_password_starts_the_count_again() {
    let library = Library::start().await;
    let right = library.owner.password.clone();
    for _ in 0..2 {
        for _ in 0..4 {
            assert_eq!(ask(&library, "owner", "wrong").await.status, 401);
        }
        assert_eq!(ask(&library, "owner", &right).await.status, 201);
    }
}
