//! `entrepot admin policy create | list | show | update | delete | attach | detach`

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use entrepot_server::app::App;
use entrepot_server::iam::administer::attachments::{self, Attached, Holder, Target, Wanted};
use entrepot_server::iam::administer::policies::{self, Change, Found};
use entrepot_server::iam::model::Attachment;
use serde_json::{Value, json};

use super::answer::{print_fields, told};

/// Larger than any policy may be.
const MAX_FILE: u64 = 1024 * 1024;

#[derive(Debug, Subcommand)]
pub enum Policy {
    /// Store a policy
    Create {
        /// Unique in the library; 1 to 64 characters
        name: String,
        /// The document, JSON of version 1.1
        #[arg(long, value_name = "FILE.json")]
        file: PathBuf,
        #[arg(long, value_name = "TEXT", default_value = "")]
        description: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// List the policies, the built-in ones first
    List {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Show a policy, and who has it
    Show {
        /// By name or id
        policy: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Change what a policy says, for everybody who has it
    Update {
        /// By name or id
        policy: String,
        /// The new document
        #[arg(
            long,
            value_name = "FILE.json",
            required_unless_present = "description"
        )]
        file: Option<PathBuf>,
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Delete a policy that nobody has
    Delete {
        /// By name or id
        policy: String,
        /// Take it first from those who have it
        #[arg(long)]
        force: bool,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Give a policy to a user or a group
    Attach(Attach),
    /// Take a policy from a user or a group
    Detach(Attach),
}

#[derive(Debug, Args)]
pub struct Attach {
    #[command(flatten)]
    holder: HolderArgs,
    /// A policy by name or id, or a document: stored as a policy named by the file and its content
    #[arg(long, value_name = "NAME|FILE.json")]
    policy: String,
    /// Where it counts, by id or name [default: in every project of the holder]
    #[arg(long, value_name = "PROJECT")]
    project: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct HolderArgs {
    /// The user, by name or id
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// The group, by name or id
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
}

impl HolderArgs {
    fn holder(self) -> anyhow::Result<Holder> {
        match (self.user, self.group) {
            (Some(user), _) => Ok(Holder::User(user)),
            (None, Some(group)) => Ok(Holder::Group(group)),
            (None, None) => anyhow::bail!("name a holder with --user or --group"),
        }
    }
}

pub async fn run(app: &App, command: Policy) -> anyhow::Result<()> {
    let (found, json) = match command {
        Policy::List { json } => return list(app, json).await,
        Policy::Attach(command) => return change(app, command, true).await,
        Policy::Detach(command) => return change(app, command, false).await,
        Policy::Create {
            name,
            file,
            description,
            json,
        } => {
            let document = read(&file)?;
            let created = policies::create(app, &name, &description, &document).await;
            (created.inspect(warn), json)
        }
        Policy::Show { policy, json } => (policies::show(app, &policy).await, json),
        Policy::Update {
            policy,
            file,
            description,
            json,
        } => {
            let document = file.as_deref().map(read).transpose()?;
            let change = Change {
                description,
                document,
            };
            let updated = policies::update(app, &policy, change).await;
            (updated.inspect(warn), json)
        }
        Policy::Delete {
            policy,
            force,
            json,
        } => (policies::delete(app, &policy, force).await, json),
    };
    print(&found.map_err(told)?, json);
    Ok(())
}

fn read(file: &Path) -> anyhow::Result<String> {
    let cannot = || format!("the policy {} could not be read", file.display());
    let opened = std::fs::File::open(file).with_context(cannot)?;
    let mut text = String::new();
    let mut limited = opened.take(MAX_FILE);
    limited.read_to_string(&mut text).with_context(cannot)?;
    Ok(text)
}

fn warn(found: &Found) {
    for warning in found.warnings() {
        eprintln!("{warning}");
    }
}

/// A file where it looks like one; names of policies do not.
fn wanted(policy: String) -> anyhow::Result<Wanted> {
    let path = Path::new(&policy);
    let suffix = path.extension();
    let is_file = policy.contains('/') || suffix.is_some_and(|s| s.eq_ignore_ascii_case("json"));
    if !is_file {
        return Ok(Wanted::Named(policy));
    }
    let stem = path.file_stem().unwrap_or_default();
    Ok(Wanted::Document {
        stem: stem.to_string_lossy().into_owned(),
        text: read(path)?,
    })
}

async fn list(app: &App, json: bool) -> anyhow::Result<()> {
    let found = policies::list(app).await.map_err(told)?;
    if json {
        let policies: Vec<_> = found.iter().map(shown).collect();
        println!("{}", json!({ "policies": policies }));
        return Ok(());
    }
    for policy in &found {
        let holders = policy.attachments.len();
        let kind = if policy.is_builtin { "built-in" } else { "own" };
        println!("{kind:8}  {holders:>5} attached  {}", policy.name);
    }
    Ok(())
}

async fn change(app: &App, command: Attach, attach: bool) -> anyhow::Result<()> {
    let holder = command.holder.holder()?;
    let wanted = wanted(command.policy)?;
    let done = if attach {
        attachments::attach(app, holder, wanted, command.project).await
    } else {
        attachments::detach(app, holder, wanted, command.project).await
    };
    let done = done.map_err(told)?;
    if attach {
        warn(&done.policy);
        if done.is_owner {
            eprintln!("The owner of the account may do everything, whatever policies say.");
        }
    }
    print_change(&done, command.json);
    Ok(())
}

fn print_change(done: &Attached, json: bool) {
    let Attached {
        policy,
        to,
        project_id,
        ..
    } = done;
    if !json {
        let place = project_id.as_ref().map_or("all projects", |p| p.as_str());
        println!("{}  {}  {place}", policy.name, to.name());
        return;
    }
    let mut shown = json!({
        "policy_id": policy.policy_id,
        "policy_name": policy.name,
        "project_id": project_id,
    });
    match to {
        Target::User(id, _) => shown["user_id"] = id.as_str().into(),
        Target::Group(id, _) => shown["group_id"] = id.as_str().into(),
    }
    println!("{shown}");
}

fn print(found: &Found, json: bool) {
    if json {
        let mut shown = shown(found);
        shown["document"] = serde_json::from_str(&found.document).unwrap_or_default();
        println!("{shown}");
        return;
    }
    let holders: Vec<_> = found.attachments.iter().filter_map(holder_name).collect();
    print_fields(&[
        ("policy_id", &found.policy_id),
        ("name", &found.name),
        ("description", &found.description),
        ("attached to", &holders.join(", ")),
    ]);
    println!("{}", found.document.trim_end());
}

fn holder_name(attachment: &Attachment) -> Option<&str> {
    let name = attachment.user_name.as_ref();
    name.or(attachment.group_name.as_ref()).map(String::as_str)
}

fn shown(found: &Found) -> Value {
    let attachments: Vec<_> = found.attachments.iter().map(holder).collect();
    json!({
        "policy_id": found.policy_id,
        "policy_name": found.name,
        "description": found.description,
        "builtin": found.is_builtin,
        "updated_at": found.updated_at.map(entrepot_server::clock::Timestamp::rfc3339),
        "attachments": attachments,
    })
}

fn holder(attachment: &Attachment) -> Value {
    let id = &attachment.holder_id;
    let project = &attachment.project_id;
    match (&attachment.user_name, &attachment.group_name) {
        (None, Some(name)) => json!({"group_id": id, "group_name": name, "project_id": project}),
        (name, _) => json!({"user_id": id, "user_name": name, "project_id": project}),
    }
}
