//! The states of an asset and the steps between them; pure, so that every path can be tested.

use crate::error::{Error, ErrorCode, Result};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AssetState {
    /// Made; its main file is not there yet.
    Creating,
    /// The upload of its main file failed.
    Failed,
    /// Has its main file; not to be used yet.
    Unactived,
    Actived,
    /// In the recycle bin.
    Deleting,
    /// Gone for good; only its name is remembered for a while.
    Deleted,
    /// Frozen by an administrator.
    Block,
    /// Usable, but to be taken offline.
    WaitingDelete,
}

impl AssetState {
    pub const ALL: [AssetState; 8] = [
        AssetState::Creating,
        AssetState::Failed,
        AssetState::Unactived,
        AssetState::Actived,
        AssetState::Deleting,
        AssetState::Deleted,
        AssetState::Block,
        AssetState::WaitingDelete,
    ];

    /// The word on the wire and in the database (the spelling is the contract's).
    pub fn as_str(self) -> &'static str {
        match self {
            AssetState::Creating => "CREATING",
            AssetState::Failed => "FAILED",
            AssetState::Unactived => "UNACTIVED",
            AssetState::Actived => "ACTIVED",
            AssetState::Deleting => "DELETING",
            AssetState::Deleted => "DELETED",
            AssetState::Block => "BLOCK",
            AssetState::WaitingDelete => "WAITING_DELETE",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether its files may be read by those who have a link.
    pub fn is_readable(self) -> bool {
        matches!(
            self,
            AssetState::Unactived | AssetState::Actived | AssetState::WaitingDelete
        )
    }

    /// Whether fields and files may be changed.
    pub fn is_changeable(self) -> bool {
        self.is_readable() || matches!(self, AssetState::Creating | AssetState::Failed)
    }
}

/// What can happen to an asset's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// The main file is there and checked.
    MainFileReady,
    MainFileFailed,
    /// The main file was deleted, or is to be sent again.
    MainFileGone,
    Activate,
    Deactivate,
    /// Mark as to be taken offline.
    Retire,
    /// Into the recycle bin.
    Delete,
    Restore,
    /// Delete for good.
    Purge,
    Block,
    Unblock,
}

impl Step {
    pub const ALL: [Step; 11] = [
        Step::MainFileReady,
        Step::MainFileFailed,
        Step::MainFileGone,
        Step::Activate,
        Step::Deactivate,
        Step::Retire,
        Step::Delete,
        Step::Restore,
        Step::Purge,
        Step::Block,
        Step::Unblock,
    ];

    fn verb(self) -> &'static str {
        match self {
            Step::MainFileReady => "take a main file",
            Step::MainFileFailed => "record a failed main file",
            Step::MainFileGone => "lose its main file",
            Step::Activate => "be activated",
            Step::Deactivate => "be deactivated",
            Step::Retire => "be marked to be taken offline",
            Step::Delete => "be deleted",
            Step::Restore => "be restored",
            Step::Purge => "be deleted for good",
            Step::Block => "be blocked",
            Step::Unblock => "be unblocked",
        }
    }
}

/// A state, and for DELETING and BLOCK the one to go back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Standing {
    pub state: AssetState,
    pub before: Option<AssetState>,
}

impl Standing {
    pub const NEW: Standing = Standing {
        state: AssetState::Creating,
        before: None,
    };

    fn at(state: AssetState) -> Self {
        Self {
            state,
            before: None,
        }
    }

    /// Whether the main file is still awaited, be it behind a block or in the recycle bin.
    pub fn awaits_main_file(self) -> bool {
        self.before.unwrap_or(self.state) == AssetState::Creating
    }

    /// Where a step leads, or why it may not be taken.
    pub fn after(self, step: Step) -> Result<Standing> {
        use AssetState as S;
        let state = self.state;
        let set_aside = |to| Standing {
            state: to,
            before: Some(state),
        };
        let back = || Standing::at(self.before.unwrap_or(S::Unactived));
        let next = match (step, state) {
            (Step::MainFileReady, S::Creating) => Some(Standing::at(S::Unactived)),
            (Step::MainFileFailed, S::Creating) => Some(Standing::at(S::Failed)),
            (Step::MainFileGone, S::Creating | S::Failed | S::Unactived) => {
                Some(Standing::at(S::Creating))
            }
            (Step::Activate, _) if state.is_readable() => Some(Standing::at(S::Actived)),
            (Step::Deactivate, _) if state.is_readable() => Some(Standing::at(S::Unactived)),
            (Step::Retire, _) if state.is_readable() => Some(Standing::at(S::WaitingDelete)),
            (Step::Delete, _) if state.is_changeable() => Some(set_aside(S::Deleting)),
            (Step::Purge, S::Deleting) => Some(Standing::at(S::Deleted)),
            (Step::Purge, _) if state.is_changeable() => Some(Standing::at(S::Deleted)),
            (Step::Restore, S::Deleting) | (Step::Unblock, S::Block) => Some(back()),
            (Step::Block, _) if state.is_changeable() => Some(set_aside(S::Block)),
            _ => None,
        };
        next.ok_or_else(|| illegal(state, step))
    }
}

fn illegal(state: AssetState, step: Step) -> Error {
    let verb = step.verb();
    if state == AssetState::Block {
        return Error::new(
            ErrorCode::AssetBlocked,
            format!("The asset is blocked and can't {verb}; an administrator can unblock it."),
        );
    }
    let name = state.as_str();
    Error::new(
        ErrorCode::IllegalAssetState,
        format!("The asset is {name}; in this state it can't {verb}."),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn states_read_back_as_written() {
        for state in AssetState::ALL {
            assert_eq!(AssetState::parse(state.as_str()), Some(state));
        }
    }

    #[test]
    fn deleted_is_final() {
        for step in Step::ALL {
            assert!(Standing::at(AssetState::Deleted).after(step).is_err());
        }
    }

    #[test]
    fn a_blocked_asset_only_unblocks() {
        let blocked = Standing::at(AssetState::Actived)
            .after(Step::Block)
            .unwrap();
        for step in Step::ALL.into_iter().filter(|step| *step != Step::Unblock) {
            let error = blocked.after(step).unwrap_err();
            assert_eq!(error.code, ErrorCode::AssetBlocked, "{step:?}");
        }
        assert_eq!(
            blocked.after(Step::Unblock).unwrap().state,
            AssetState::Actived
        );
    }

    proptest! {
        #[test]
        fn whatever_happens_what_was_set_aside_comes_back(
            steps in proptest::collection::vec(0..Step::ALL.len(), 0..40)
        ) {
            let mut standing = Standing::NEW;
            for step in steps.into_iter().map(|i| Step::ALL[i]) {
                let Ok(next) = standing.after(step) else { continue };
                // only the recycle bin and a block remember where they came from
                let aside = matches!(next.state, AssetState::Deleting | AssetState::Block);
                prop_assert_eq!(next.before.is_some(), aside);
                if aside {
                    prop_assert_eq!(next.before, Some(standing.state));
                    let undo = if next.state == AssetState::Block { Step::Unblock } else { Step::Restore };
                    prop_assert_eq!(next.after(undo).unwrap(), standing);
                }
                // nothing becomes readable but by a main file that is ready, or by coming back
                if next.state.is_readable() && !standing.state.is_readable() {
                    prop_assert!(matches!(step, Step::MainFileReady | Step::Restore | Step::Unblock));
                }
                standing = next;
            }
        }
    }
}
