//! Who the commands act for, and where: a credentials file or variables; secrets are never arguments.

use std::fmt;
use std::path::{Path, PathBuf};

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

    /// The file named, else the one kept for the region in the user's configuration.
    pub fn of_region(
        region: &str,
        file: Option<&Path>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        if let Some(file) = file {
            return Self::read(file);
        }
        let kept = kept_for(region, variable);
        if let Some(file) = kept.as_ref().filter(|file| file.is_file()) {
            return Self::read(file);
        }
        let or = kept.map_or_else(String::new, |file| {
            format!(", or put it at {}", file.display())
        });
        Err(Failure::Usage(format!(
            "no credentials of the region '{region}': name a credentials.json with \
             --to-credentials or ENTREPOT_TO_CREDENTIALS{or}"
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

/// `$XDG_CONFIG_HOME/entrepot/regions/REGION.json`, below `~/.config` where that is not set; `None`
/// where the region's name is none for a file.
fn kept_for(region: &str, variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if region.is_empty() || region.starts_with('.') || !region.chars().all(plain) {
        return None;
    }
    let set = |name: &str| variable(name).filter(|value| value.starts_with('/'));
    let folder = match set("XDG_CONFIG_HOME") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(set("HOME")?).join(".config"),
    };
    Some(folder.join(format!("entrepot/regions/{region}.json")))
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

    #[test]
    fn a_region_has_its_file_in_the_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().to_str().unwrap().to_owned();
        let at_home = |name: &str| (name == "HOME").then(|| home.clone());
        let kept = folder.path().join(".config/entrepot/regions");
        std::fs::create_dir_all(&kept).unwrap();
        let failure = Credentials::of_region("eu-1", None, at_home).unwrap_err();
        assert!(failure.to_string().contains("regions/eu-1.json"));
        let text = r#"{"endpoint":"https://e","project_id":"p","access_key":"a","secret_key":"s"}"#;
        std::fs::write(kept.join("eu-1.json"), text).unwrap();
        let found = Credentials::of_region("eu-1", None, at_home).unwrap();
        assert_eq!(found.endpoint, "https://e");
    }

    #[test]
    fn a_region_whose_name_is_a_path_has_no_file() {
        let at_root = |_: &str| Some("/".to_owned());
        for region in ["", "..", "../x", "a/b", ".hidden"] {
            assert_eq!(kept_for(region, at_root), None, "{region}");
        }
    }
}
