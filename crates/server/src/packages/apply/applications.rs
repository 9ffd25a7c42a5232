//! The applications of a package. Key and secret of a new one are new.

use entrepot_archive::model::{self, MAX_JSON};

use super::item::{Item, Kind, Outcome};
use super::{Made, Stop, Targets, Work, ids, matching};
use crate::app::App;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::ids::{AppId, UserId};
use crate::instances::{self, Application, UserRef};
use crate::keys::{self, Secret};
use crate::packages::import_job::ImportPackage;
use crate::packages::model::{Reason, ResourceType};
use crate::packages::receive::invalid;
use crate::packages::store;
use crate::packages::unpacked::read;
use crate::vault;

const SECRET_LENGTH: usize = 40;

pub async fn apply(work: &mut Work<'_>) -> Result<(), Stop> {
    let entries: Vec<_> = (0..).zip(work.outline.apps.clone()).collect();
    for (seq, (id, entry)) in entries {
        if seq < work.done {
            continue;
        }
        let json = read(work.app(), &entry, MAX_JSON).await?;
        let packed = model::App::parse(&id, &json).map_err(invalid)?;
        let import = work.import.clone();
        let name = import.options.named(&packed.name);
        let about = Reason::new(ResourceType::Application, &name, "", "");
        let change = async move |tx: &mut Tx, app: &App| {
            let item = one(tx, app, &import, seq, &packed).await?;
            Ok(Made {
                items: vec![item],
                unused: Vec::new(),
            })
        };
        work.step(about, change).await?;
    }
    Ok(())
}

async fn one(
    tx: &mut Tx,
    app: &App,
    import: &ImportPackage,
    seq: u64,
    packed: &model::App,
) -> Result<Item> {
    let (id, outcome) = match matching::app(tx, import, &packed.id, &packed.name).await? {
        Some(there) => update(tx, app, import, packed, there).await?,
        None => (add(tx, app, import, packed).await?, Outcome::Added),
    };
    Ok(Item {
        seq,
        kind: Kind::Application,
        old_id: packed.id.clone(),
        new_id: Some(id.into_string()),
        name: import.options.named(&packed.name),
        outcome,
    })
}

async fn update(
    tx: &mut Tx,
    app: &App,
    import: &ImportPackage,
    packed: &model::App,
    there: Application,
) -> Result<(AppId, Outcome)> {
    let name = import.options.named(&packed.name);
    let remark = packed.remark.clone().unwrap_or_default();
    let id = there.app_id.clone();
    if (&there.name, &there.remark, there.favorite) == (&name, &remark, packed.favorite) {
        return Ok((id, Outcome::Unchanged));
    }
    let changed = Application {
        name,
        remark,
        favorite: packed.favorite,
        updated_by: user(&import.user_id),
        updated_at: app.clock.now(),
        ..there
    };
    instances::update_app(tx, &changed).await?;
    Ok((id, Outcome::Updated))
}

async fn add(tx: &mut Tx, app: &App, import: &ImportPackage, packed: &model::App) -> Result<AppId> {
    let now = app.clock.now();
    let added = Application {
        app_id: ids::of_app(tx, app, &import.options, &packed.id).await?,
        instance_id: import.instance_id.clone(),
        name: import.options.named(&packed.name),
        remark: packed.remark.clone().unwrap_or_default(),
        key: keys::random_access_key(),
        favorite: packed.favorite,
        created_by: user(&import.user_id),
        updated_by: user(&import.user_id),
        created_at: now,
        updated_at: now,
    };
    let (id, secret) = (added.app_id.as_str(), Secret::random(SECRET_LENGTH));
    let sealed = app.vault.seal(vault::APPS, id, &secret)?;
    instances::insert_app(tx, &added, &sealed).await?;
    Ok(added.app_id)
}

/// For writing, which goes by the id.
fn user(id: &UserId) -> UserRef {
    UserRef {
        user_id: id.clone(),
        name: String::new(),
    }
}

/// Where the applications have gone, once they all are there.
pub async fn targets(work: &Work<'_>) -> Result<Targets> {
    let (job, count) = (work.import.job_id.clone(), work.outline.apps.len());
    let count = i64::try_from(count).map_err(Error::internal)?;
    let items = work
        .app()
        .db
        .read(async move |tx| store::items::list(tx, &job, 0, count).await)
        .await?;
    let pairs = items
        .into_iter()
        .filter_map(|item| Some((item.old_id, AppId::new(item.new_id?))));
    Ok(pairs.collect())
}
