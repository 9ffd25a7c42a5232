//! What can be permitted: one name for each thing that a call does. Which call needs which is in
//! [`super::endpoints`].

macro_rules! actions {
    ($($variant:ident = $name:literal,)*) => {
        /// An action of a policy, `service:resource:operation`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Action {
            $($variant,)*
        }

        impl Action {
            pub const ALL: &[Action] = &[$(Action::$variant,)*];

            pub fn name(self) -> &'static str {
                match self {
                    $(Action::$variant => $name,)*
                }
            }

            /// The first part of its name.
            pub fn service(self) -> &'static str {
                match self {
                    $(Action::$variant => const { first_part($name) },)*
                }
            }
        }
    };
}

const fn first_part(name: &str) -> &str {
    let mut end = 0;
    while name.as_bytes()[end] != b':' {
        end += 1;
    }
    name.split_at(end).0
}

actions! {
    AssetList = "metastudio:asset:list",
    AssetGet = "metastudio:asset:get",
    AssetCreate = "metastudio:asset:create",
    AssetUpdate = "metastudio:asset:update",
    AssetDelete = "metastudio:asset:delete",
    AssetRestore = "metastudio:asset:restore",
    AssetShare = "metastudio:asset:share",
    AssetReplicate = "metastudio:asset:replicate",
    FileCreate = "metastudio:file:create",
    FileConfirm = "metastudio:file:confirm",
    FileDelete = "metastudio:file:delete",
    ProjectList = "iam:projects:list",
    OwnProjectList = "iam:projects:listOwn",
    DomainList = "iam:domains:listOwn",
    TokenGet = "iam:tokens:get",
    TokenDelete = "iam:tokens:delete",
    SecurityTokenCreate = "iam:securitytokens:create",
    CredentialCreate = "iam:credentials:create",
    CredentialList = "iam:credentials:list",
    CredentialGet = "iam:credentials:get",
    CredentialUpdate = "iam:credentials:update",
    CredentialDelete = "iam:credentials:delete",
    AuditList = "entrepot:audit:list",
    InstanceList = "roma:instances:list",
    AppCreate = "roma:applications:create",
    AppList = "roma:applications:list",
    AppGet = "roma:applications:get",
    AppUpdate = "roma:applications:update",
    AppDelete = "roma:applications:delete",
    TaskCreate = "roma:tasks:create",
    TaskList = "roma:tasks:list",
    TaskGet = "roma:tasks:get",
    TaskUpdate = "roma:tasks:update",
    TaskDelete = "roma:tasks:delete",
    PackageExport = "roma:assets:export",
    PackageImport = "roma:assets:import",
    PackageDelete = "roma:assets:delete",
    PackageGet = "roma:assets:get",
}

/// A set of actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Actions(u64);

impl Actions {
    pub fn having(matches: impl Fn(Action) -> bool) -> Self {
        let mut set = 0;
        for action in Action::ALL {
            if matches(*action) {
                set |= Self::bit(*action);
            }
        }
        Self(set)
    }

    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub fn contains(self, action: Action) -> bool {
        self.0 & Self::bit(action) != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    const fn bit(action: Action) -> u64 {
        1 << action as u64
    }
}

const _: () = assert!(Action::ALL.len() <= 64, "a set of actions has 64 bits");
