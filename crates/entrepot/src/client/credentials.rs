//! Who the commands act for, and where: a credentials file or variables; secrets are never arguments.

use std::fmt;
use std::path::Path;

use serde::Deserialize;

use super::failure::{Failure, Result};

/// Where `entrepot serve`, started without flags beside us, leaves them.
const BESIDE_US: &str = "data/credentials.json";

#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Credentials {
    /// Without a slash at its end.
    pub endpoint: String,
    pub project_id: String,
    pub access_key: String,
    pub secret_key: String,
    /// The instance that packages come from and go to.
    pub instance_id: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("endpoint", &self.endpoint)
            .field("project_id", &self.project_id)
            .field("access_key", &self.access_key)
            .finish_non_exhaustive()
    }
}

impl Credentials {
    /// The file named, else the variables if any is set, else the file of a server beside us.
    pub fn find(file: Option<&Path>, variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        if let Some(file) = file {
            return Self::read(file);
        }
        if let Some(found) = Self::from_variables(variable)? {
            return Ok(found);
        }
        let beside = Path::new(BESIDE_US);
        if beside.is_file() {
            return Self::read(beside);
        }
        Err(Failure::Usage(format!(
            "no credentials: name a credentials.json with --credentials or ENTREPOT_CREDENTIALS, \
             or set ENTREPOT_ENDPOINT, ENTREPOT_PROJECT_ID, ENTREPOT_ACCESS_KEY and \
             ENTREPOT_SECRET_KEY (there is no {BESIDE_US} here either)"
        )))
    }

    fn read(file: &Path) -> Result<Self> {
        let text = std::fs::read(file)
            .map_err(|e| Failure::io("the credentials can't be read from", file, &e))?;
        // the parser's own words could quote a secret
        let found: Self = serde_json::from_slice(&text).map_err(|e| {
            Failure::Local(format!(
                "{} (line {}) is no credentials.json: it needs endpoint, project_id, access_key \
                 and secret_key",
                file.display(),
                e.line()
            ))
        })?;
        found.checked()
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>> {
        let instance_id = variable("ENTREPOT_INSTANCE_ID").filter(|id| !id.is_empty());
        let names = [
            "ENTREPOT_ENDPOINT",
            "ENTREPOT_PROJECT_ID",
            "ENTREPOT_ACCESS_KEY",
            "ENTREPOT_SECRET_KEY",
        ];
        let values = names.map(|name| variable(name).filter(|value| !value.is_empty()));
        if values.iter().all(Option::is_none) {
            return Ok(None);
        }
        let missing: Vec<&str> = names
            .into_iter()
            .zip(&values)
            .filter_map(|(name, value)| value.is_none().then_some(name))
            .collect();
        let [
            Some(endpoint),
            Some(project_id),
            Some(access_key),
            Some(secret_key),
        ] = values
        else {
            let missing = missing.join(" and ");
            return Err(Failure::Usage(format!("{missing} must be set too")));
        };
        let found = Self {
            endpoint,
            project_id,
            access_key,
            secret_key,
            instance_id,
        };
        found.checked().map(Some)
    }

    fn checked(mut self) -> Result<Self> {
        let length = self.endpoint.trim_end_matches('/').len();
        self.endpoint.truncate(length);
        let parsed = reqwest::Url::parse(&self.endpoint);
        if parsed.is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
            return Ok(self);
        }
        Err(Failure::Usage(format!(
            "the endpoint {} is not a URL such as https://media.example:8443",
            self.endpoint
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(name: &str) -> Option<String> {
        match name {
            "ENTREPOT_ENDPOINT" => Some("http://h:1/".into()),
            other => other.starts_with("ENTREPOT_").then(|| other.to_lowercase()),
        }
    }

    #[test]
    fn variables_make_credentials_when_all_are_there() {
        let found = Credentials::find(None, variables).unwrap();
        assert_eq!(found.endpoint, "http://h:1");
        assert_eq!(found.secret_key, "entrepot_secret_key");
        let some = |name: &str| variables(name).filter(|_| name != "ENTREPOT_SECRET_KEY");
        let failure = Credentials::find(None, some).unwrap_err();
        assert_eq!(failure.to_string(), "ENTREPOT_SECRET_KEY must be set too");
    }

    #[test]
    fn a_file_named_comes_before_variables() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("credentials.json");
        let text = r#"{"endpoint":"https://e","project_id":"p","access_key":"a","secret_key":"s","region":"r"}"#;
        std::fs::write(&file, text).unwrap();
        let found = Credentials::find(Some(&file), variables).unwrap();
        assert_eq!(found.endpoint, "https://e");
    }

    #[test]
    fn secrets_do_not_show() {
        let found = Credentials::find(None, variables).unwrap();
        assert!(!format!("{found:?}").contains("entrepot_secret_key"));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("credentials.json");
        std::fs::write(&file, r#"{"secret_key": "hidden", "endpoint": 7}"#).unwrap();
        let failure = Credentials::find(Some(&file), variables).unwrap_err();
        assert!(!failure.to_string().contains("hidden"));
    }
}
