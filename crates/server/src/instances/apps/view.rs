//! An application as it is answered.

use entrepot_api::integration::{AppInfo, AppUser};

use crate::iam::Caller;
use crate::ids::UserId;
use crate::instances::model::{Application, UserRef};

/// All who may call own the account, and so may do everything.
pub const ROLES: [&str; 5] = ["read", "access", "delete", "modify", "admin"];

/// `caller` is who asks.
pub fn info(app: Application, caller: &UserId) -> AppInfo {
    AppInfo {
        id: app.app_id.into_string(),
        name: app.name,
        remark: app.remark,
        roles: ROLES.map(str::to_owned).to_vec(),
        create_time: app.created_at.rfc3339(),
        update_time: app.updated_at.rfc3339(),
        owner: app.created_by.user_id == *caller,
        created_user: user(app.created_by),
        last_updated_user: user(app.updated_by),
        key: app.key,
        favorite: app.favorite,
    }
}

fn user(user: UserRef) -> AppUser {
    AppUser {
        user_id: user.user_id.into_string(),
        user_name: user.name,
    }
}

/// The caller, as a row names them.
pub fn caller_ref(caller: &Caller) -> UserRef {
    UserRef {
        user_id: caller.principal.user_id.clone(),
        name: caller.principal.user_name.clone(),
    }
}
