mod attachments;
mod groups;
mod keys;
mod policies;
mod projects;
mod users;

use entrepot_server::audit;

use crate::harness::Library;

/// A document that is valid.
pub const LIST: &str =
    r#"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["metastudio:asset:list"]}]}"#;

impl Library {
    /// Actions and resources of what administrators did, the latest first.
    pub async fn administered(&self) -> Vec<(String, String)> {
        let events = self.app.db.read(async |tx| {
            let filter = audit::Filter {
                action: Some("entrepot:admin".into()),
                limit: 100,
                ..audit::Filter::default()
            };
            audit::list(tx, &filter).await
        });
        let events = events.await.unwrap().into_iter();
        let short = |action: String| action.trim_start_matches("entrepot:admin:").to_owned();
        events.map(|e| (short(e.action), e.resource)).collect()
    }
}
