//! Access keys: bodies and answers of `/v3.0/OS-CREDENTIAL/…`.

use serde::{Deserialize, Serialize};
#[cfg(feature = "openapi")]
use utoipa::ToSchema;

/// Body of `POST /v3.0/OS-CREDENTIAL/credentials`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct CreateCredentialRequest {
    pub credential: CreateCredential,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct CreateCredential {
    /// Whose key it is to be; the caller's where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// At most 255 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct CreatedCredentialResponse {
    pub credential: CreatedCredential,
}

#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct CreatedCredential {
    pub user_id: String,
    pub access: String,
    /// Only here: it can't be asked for again.
    pub secret: String,
    /// `active`
    pub status: String,
    /// `2020-01-08T06:25:19.014000Z`
    pub create_time: String,
    pub description: String,
}

impl std::fmt::Debug for CreatedCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreatedCredential")
            .field("user_id", &self.user_id)
            .field("access", &self.access)
            .finish_non_exhaustive()
    }
}

/// Body of `PUT /v3.0/OS-CREDENTIAL/credentials/{access_key}`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct UpdateCredentialRequest {
    pub credential: UpdateCredential,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct UpdateCredential {
    /// `active` or `inactive`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// At most 255 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct CredentialResponse {
    pub credential: Credential,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct CredentialsResponse {
    pub credentials: Vec<Credential>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct Credential {
    pub user_id: String,
    pub access: String,
    /// `active` or `inactive`
    pub status: String,
    pub create_time: String,
    pub description: String,
    /// Of one key that is asked for; absent until it has signed a request. It is renewed once in a
    /// while, not with every request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_use_time: Option<String>,
}

/// Body of `POST /v3.0/OS-CREDENTIAL/securitytokens`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct SecurityTokenRequest {
    pub auth: SecurityTokenAuth,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct SecurityTokenAuth {
    pub identity: SecurityTokenIdentity,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct SecurityTokenIdentity {
    /// `["token"]`
    pub methods: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<SecurityTokenBasis>,
    /// What the credentials may do at most, of what the user may: a policy of version 1.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub policy: Option<serde_json::Value>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct SecurityTokenBasis {
    /// The token; `X-Auth-Token` where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// 900 to 86400, 900 by default; the credentials end with the token at the latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<u32>,
}

impl std::fmt::Debug for SecurityTokenBasis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecurityTokenBasis")
            .field("duration_seconds", &self.duration_seconds)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct SecurityTokenResponse {
    pub credential: TemporaryCredential,
}

#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct TemporaryCredential {
    pub access: String,
    pub secret: String,
    /// To be sent, and signed, as `X-Security-Token`.
    pub securitytoken: String,
    /// `2020-01-08T02:56:19.587000Z`
    pub expires_at: String,
}

impl std::fmt::Debug for TemporaryCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TemporaryCredential")
            .field("access", &self.access)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
