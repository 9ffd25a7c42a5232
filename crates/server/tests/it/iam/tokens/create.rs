//! `POST /v3/auth/tokens`

use entrepot_server::audit;
use entrepot_server::iam::administer;
use entrepot_server::iam::bootstrap::Credentials;
use serde_json::{Value, json};

use crate::harness::{Answer, DAY, Library};

impl Library {
    /// The body that asks for a token by password, without a scope.
    pub fn password_body(&self) -> Value {
        Self::password_body_of(&self.owner)
    }

    pub fn password_body_of(user: &Credentials) -> Value {
        json!({"auth": {"identity": {"methods": ["password"], "password": {"user": {
            "name": user.user_name, "password": user.password,
            "domain": {"name": user.domain_name}}}}}})
    }

    pub async fn ask_for_token(&self, body: &Value) -> Answer {
        let call = self.call("POST", "/v3/auth/tokens").anonymous();
        call.json(body).send().await
    }

    /// A token for the owner's project.
    pub async fn create_token(&self) -> String {
        self.create_token_of(&self.owner).await
    }

    pub async fn create_token_of(&self, user: &Credentials) -> String {
        let mut body = Self::password_body_of(user);
        body["auth"]["scope"] = json!({"project": {"id": user.project_id}});
        let answer = self.ask_for_token(&body).await;
        assert_eq!(answer.status, 201, "{}", answer.line());
        answer.header("x-subject-token").to_owned()
    }
}

#[tokio::test]
async fn a_token_of_a_project_says_all_about_itself() {
    let library = Library::start().await;
    let owner = &library.owner;
    let mut body = library.password_body();
    body["auth"]["scope"] = json!({"project": {"name": "local-1"}});
    let answer = library.ask_for_token(&body).await;
    assert_eq!(answer.status, 201);
    assert!(answer.header("x-subject-token").len() >= 32);
    let domain = json!({"id": owner.domain_id, "name": "entrepot"});
    let service = |name: &str, path: &str| {
        json!({"id": name, "name": name, "type": name, "endpoints": [{"id": format!("{name}-local-1"),
            "interface": "public", "region": "local-1", "region_id": "local-1",
            "url": format!("http://library.test{path}")}]})
    };
    let catalog = [
        service("iam", "/v3"),
        service("metastudio", &format!("/v1/{}", owner.project_id)),
        service("roma", &format!("/v2/{}", owner.project_id)),
    ];
    assert_eq!(
        answer.json(),
        json!({"token": {
        "expires_at": "2027-01-16T08:00:00.000000Z", "issued_at": "2027-01-15T08:00:00.000000Z",
        "methods": ["password"], "catalog": catalog, "roles": [{"id": "0", "name": "te_admin"}],
        "project": {"id": owner.project_id, "name": "local-1", "domain": domain},
        "user": {"id": owner.user_id, "name": "owner", "domain": domain, "password_expires_at": ""}}})
    );
}

#[tokio::test]
async fn the_catalog_is_what_the_scope_has_and_can_be_left_out() {
    let library = Library::start().await;
    let body = library.password_body();
    let whole = library.ask_for_token(&body).await.json();
    let services = whole["token"]["catalog"].as_array().unwrap();
    assert_eq!(services.len(), 1, "{services:?}");
    assert_eq!(services[0]["name"], "iam");
    for (query, services) in [("nocatalog=true", 0), ("nocatalog=x", 0), ("nocatalog=", 1)] {
        let call = library.call("POST", &format!("/v3/auth/tokens?{query}"));
        let answer = call.anonymous().json(&body).send().await;
        let catalog = answer.json()["token"]["catalog"].clone();
        assert_eq!(catalog.as_array().unwrap().len(), services, "{query}");
    }
}

#[tokio::test]
async fn a_user_s_scope_is_a_project_of_theirs() {
    let library = Library::start().await;
    let user = library.user("u").await;
    let second = administer::projects::create(&library.app, "second", "").await;
    let second = second.unwrap().project_id;
    let mut body = Library::password_body_of(&user);
    for (scope, expected) in [
        (json!({"project": {"id": user.project_id}}), 201),
        (json!({"project": {"id": second}}), 400),
        (json!({"project": {"name": "second"}}), 400),
        (json!({"domain": {"name": "entrepot"}}), 201),
    ] {
        body["auth"]["scope"] = scope.clone();
        let answer = library.ask_for_token(&body).await;
        assert_eq!(answer.status, expected, "{scope}: {}", answer.text());
    }
    // the owner has all of them
    body = library.password_body();
    body["auth"]["scope"] = json!({"project": {"id": second}});
    assert_eq!(library.ask_for_token(&body).await.status, 201);
}

#[tokio::test]
async fn who_gets_a_token_is_written_down() {
    let library = Library::start().await;
    library.create_token().await;
    let events = library.app.db.read(async |tx| {
        let filter = audit::Filter {
            action: Some("iam:tokens:create".into()),
            limit: 10,
            ..audit::Filter::default()
        };
        audit::list(tx, &filter).await
    });
    let events = events.await.unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].user_name.as_deref(), Some("owner"));
    assert!(events[0].request_id.is_some());
    assert_eq!(events[0].detail["methods"], json!(["password"]));
}

#[tokio::test]
async fn scopes_are_a_project_the_domain_or_nothing() {
    let library = Library::start().await;
    let stranger = library.stranger().await;
    let owner = &library.owner;
    for (scope, expected) in [
        (json!({"project": {"id": owner.project_id}}), 201),
        (json!({"domain": {"name": "entrepot"}}), 201),
        (json!({"domain": {"id": owner.domain_id}}), 201),
        (Value::Null, 201),
        (json!({"project": {"id": stranger.project_id}}), 400),
        (json!({"project": {"name": "nowhere"}}), 400),
        (json!({"domain": {"name": "elsewhere"}}), 400),
    ] {
        let mut body = library.password_body();
        body["auth"]["scope"] = scope.clone();
        let answer = library.ask_for_token(&body).await;
        assert_eq!(answer.status, expected, "{scope}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_answer_the_same() {
    let library = Library::start().await;
    let mut answers = Vec::new();
    for (field, value) in [("password", "wrong"), ("name", "nobody")] {
        let mut body = library.password_body();
        body["auth"]["identity"]["password"]["user"][field] = json!(value);
        answers.push(library.ask_for_token(&body).await);
    }
    insta::assert_snapshot!(answers[0].text(), @r#"{"error":{"code":401,"message":"The username or password is wrong.","title":"Unauthorized"}}"#);
    assert_eq!(answers[0].text(), answers[1].text());
}

#[tokio::test]
async fn bodies_that_are_not_understood_are_refused_in_iam_s_form() {
    let library = Library::start().await;
    let mut no_domain = library.password_body();
    no_domain["auth"]["identity"]["password"]["user"]["domain"] = Value::Null;
    let mut by_token = library.password_body();
    by_token["auth"]["identity"]["methods"] = json!(["token"]);
    let mut nothing = library.password_body();
    nothing["auth"]["identity"]["password"] = Value::Null;
    let mut both = library.password_body();
    both["auth"]["identity"]["methods"] = json!(["password", "totp"]);
    for body in [no_domain, by_token, nothing, both, json!({}), json!([])] {
        let answer = library.ask_for_token(&body).await;
        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(answer.json()["error"]["title"], "Bad Request", "{body}");
    }
}

#[tokio::test]
async fn names_with_nul_are_refused_and_not_a_fault() {
    let library = Library::start().await;
    let mut body = library.password_body();
    body["auth"]["identity"]["password"]["user"]["name"] = json!("a\u{0}");
    let answer = library.ask_for_token(&body).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
}

#[tokio::test]
async fn a_token_calls_in_its_place_and_ends_after_a_day() {
    let library = Library::start().await;
    let token = library.create_token().await;
    let call = || library.call("GET", "digital-assets").token(&token).send();
    assert_eq!(call().await.status, 200);
    library.pass_almost(DAY);
    assert_eq!(call().await.status, 200);
    library.pass(std::time::Duration::from_millis(1));
    insta::assert_snapshot!(call().await.line(), @"401 APIGW.0301 Incorrect IAM authentication information: token expires, expires_at: 2027-01-16T08:00:00.000000Z");
    let unknown = library
        .call("GET", "digital-assets")
        .token("x")
        .send()
        .await;
    insta::assert_snapshot!(unknown.line(), @"401 APIGW.0301 Incorrect IAM authentication information: decrypt token fail");
}

#[tokio::test]
async fn tokens_are_kept_as_hashes_only() {
    let library = Library::start().await;
    let token = library.create_token().await;
    let stored = library.app.db.read(async |tx| {
        let row = tx.query_one("SELECT token_hash FROM tokens", &[]).await?;
        Ok(row.unwrap().next::<String>()?)
    });
    let stored = stored.await.unwrap();
    assert_ne!(stored, token);
    assert_eq!(stored, entrepot_server::keys::hash_token(&token));
}
