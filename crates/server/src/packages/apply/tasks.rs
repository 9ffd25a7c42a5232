//! The tasks of a package.

use entrepot_archive::model::{self, MAX_JSON};

use super::item::{Item, Kind, Outcome};
use super::{Made, Stop, Work, ids, matching};
use crate::app::App;
use crate::db::Tx;
use crate::error::Result;
use crate::ids::TaskId;
use crate::instances::{self, Task, rules};
use crate::packages::import_job::ImportPackage;
use crate::packages::model::{Reason, ResourceType};
use crate::packages::receive::invalid;
use crate::packages::unpacked::read;

pub async fn apply(work: &mut Work<'_>) -> Result<(), Stop> {
    let first = work.outline.apps.len() as u64;
    let entries: Vec<_> = (first..).zip(work.outline.tasks.clone()).collect();
    for (seq, (id, entry)) in entries {
        if seq < work.done {
            continue;
        }
        let json = read(work.app(), &entry, MAX_JSON).await?;
        let packed = model::Task::parse(&id, &json).map_err(invalid)?;
        let import = work.import.clone();
        let name = import.options.named(&packed.task_name);
        let about = Reason::new(ResourceType::Task, &name, "", "");
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
    packed: &model::Task,
) -> Result<Item> {
    let there = matching::task(tx, import, &packed.task_id, &packed.task_name).await?;
    let (id, outcome) = if let Some(there) = there {
        update(tx, app, import, packed, there).await?
    } else {
        (add(tx, app, import, packed).await?, Outcome::Added)
    };
    Ok(Item {
        seq,
        kind: Kind::Task,
        old_id: packed.task_id.clone(),
        new_id: Some(id.into_string()),
        name: import.options.named(&packed.task_name),
        outcome,
    })
}

async fn add(
    tx: &mut Tx,
    app: &App,
    import: &ImportPackage,
    packed: &model::Task,
) -> Result<TaskId> {
    let now = app.clock.now();
    let blank = Task {
        task_id: ids::of_task(tx, app, &import.options, &packed.task_id).await?,
        instance_id: import.instance_id.clone(),
        name: String::new(),
        task_type: instances::TaskType::Timing,
        description: None,
        tag: None,
        source_datasource_id: packed.source_datasource_id.clone(),
        target_datasource_id: packed.target_datasource_id.clone(),
        detail: String::new(),
        created_at: now,
        updated_at: now,
    };
    let added = written(import, packed, blank)?;
    instances::insert_task(tx, &added).await?;
    Ok(added.task_id)
}

/// What the package says, over a task; data sources apart.
fn written(import: &ImportPackage, packed: &model::Task, task: Task) -> Result<Task> {
    Ok(Task {
        name: import.options.named(&packed.task_name),
        task_type: rules::parse_task_type(&packed.task_type)?,
        description: packed.description.clone(),
        tag: packed.task_tag.clone(),
        detail: packed.task_detail.clone(),
        ..task
    })
}

async fn update(
    tx: &mut Tx,
    app: &App,
    import: &ImportPackage,
    packed: &model::Task,
    there: Task,
) -> Result<(TaskId, Outcome)> {
    let mut changed = written(import, packed, there.clone())?;
    if import.options.datasource_overwrite {
        changed
            .source_datasource_id
            .clone_from(&packed.source_datasource_id);
        changed
            .target_datasource_id
            .clone_from(&packed.target_datasource_id);
    }
    let id = there.task_id.clone();
    if changed == there {
        return Ok((id, Outcome::Unchanged));
    }
    changed.updated_at = app.clock.now();
    instances::update_task(tx, &changed).await?;
    Ok((id, Outcome::Updated))
}
