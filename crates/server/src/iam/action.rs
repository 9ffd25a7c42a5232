//! What can be permitted: one name for each thing that a call does.

/// An action of a policy, `service:resource:operation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    AssetList,
    AssetGet,
    AssetCreate,
    AssetUpdate,
    AssetDelete,
    AssetRestore,
    AssetShare,
    FileCreate,
    FileConfirm,
    FileDelete,
    ProjectList,
    DomainList,
}

impl Action {
    pub const ALL: [Action; 12] = [
        Action::AssetList,
        Action::AssetGet,
        Action::AssetCreate,
        Action::AssetUpdate,
        Action::AssetDelete,
        Action::AssetRestore,
        Action::AssetShare,
        Action::FileCreate,
        Action::FileConfirm,
        Action::FileDelete,
        Action::ProjectList,
        Action::DomainList,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Action::AssetList => "metastudio:asset:list",
            Action::AssetGet => "metastudio:asset:get",
            Action::AssetCreate => "metastudio:asset:create",
            Action::AssetUpdate => "metastudio:asset:update",
            Action::AssetDelete => "metastudio:asset:delete",
            Action::AssetRestore => "metastudio:asset:restore",
            Action::AssetShare => "metastudio:asset:share",
            Action::FileCreate => "metastudio:file:create",
            Action::FileConfirm => "metastudio:file:confirm",
            Action::FileDelete => "metastudio:file:delete",
            Action::ProjectList => "iam:projects:list",
            Action::DomainList => "iam:domains:list",
        }
    }
}
