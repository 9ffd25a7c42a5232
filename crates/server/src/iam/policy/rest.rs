//! What is left to check of a decision once the asset is known.

use super::Pattern;

/// The parts of a decision that hang on an asset.
#[derive(Debug, Clone, Default)]
pub struct Rest {
    /// One must fit; `None` where something allows every asset.
    pub allow: Option<Vec<Clause>>,
    /// None may fit.
    pub deny: Vec<Clause>,
}

/// What one statement says of an asset.
#[derive(Debug, Clone, Default)]
pub struct Clause {
    /// The asset's id must fit one; empty where any will do.
    pub ids: Vec<Pattern>,
    /// The asset's app user must fit one of each; an asset without one fits none.
    pub app_users: Vec<Vec<Pattern>>,
}

impl Rest {
    pub fn covers(&self, asset_id: &str, app_user: Option<&str>) -> bool {
        let fits = |clause: &Clause| clause.fits(asset_id, app_user);
        let allowed = self
            .allow
            .as_ref()
            .is_none_or(|allow| allow.iter().any(fits));
        allowed && !self.deny.iter().any(fits)
    }
}

impl Clause {
    fn fits(&self, asset_id: &str, app_user: Option<&str>) -> bool {
        let any = |patterns: &[Pattern], text: &str| patterns.iter().any(|p| p.matches(text));
        let id_fits = self.ids.is_empty() || any(&self.ids, asset_id);
        let mut tests = self.app_users.iter();
        id_fits && tests.all(|patterns| app_user.is_some_and(|user| any(patterns, user)))
    }
}
