//! A token as it is answered.

use entrepot_api::iam as wire;

use super::Subject;
use super::catalog::catalog;
use crate::app::App;
use crate::error::Result;
use crate::http::query::Query;

/// Any value asks for it; clients send `true`, `x`, or nothing behind the name.
pub fn wants_catalog(query: &mut Query) -> Result<bool> {
    Ok(query.one("nocatalog")?.is_none_or(|value| value.is_empty()))
}

pub fn view(app: &App, subject: Subject, with_catalog: bool) -> wire::TokenResponse {
    let Subject {
        token,
        user,
        project,
    } = subject;
    let domain = wire::Named {
        id: user.domain_id.into_string(),
        name: user.domain_name,
    };
    let scope = project.as_ref().map(|project| &project.project_id);
    let role = wire::Role {
        id: "0".into(),
        name: "te_admin".into(),
    };
    wire::TokenResponse {
        token: wire::Token {
            expires_at: token.expires_at.rfc3339_micros(),
            issued_at: token.issued_at.rfc3339_micros(),
            methods: token.methods,
            catalog: if with_catalog {
                catalog(app, scope)
            } else {
                Vec::new()
            },
            roles: if user.is_owner {
                vec![role]
            } else {
                Vec::new()
            },
            domain: project.is_none().then(|| domain.clone()),
            project: project.map(|project| wire::ScopedProject {
                id: project.project_id.into_string(),
                name: project.name,
                domain: domain.clone(),
            }),
            user: wire::TokenUser {
                id: user.user_id.into_string(),
                name: user.name,
                domain,
                password_expires_at: String::new(),
            },
        },
    }
}
