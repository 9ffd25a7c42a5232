//! `entrepot admin group create | list | show | update | delete | add-user | remove-user`

use clap::{Args, Subcommand};
use entrepot_server::app::App;
use entrepot_server::iam::administer::groups::{self, Change, Found};
use serde_json::{Value, json};

use super::answer::{attached, attached_words, print_fields, told};

#[derive(Debug, Subcommand)]
pub enum Group {
    /// Create a group: its users have its policies
    Create {
        /// Unique in the library; 1 to 64 characters
        name: String,
        #[arg(long, value_name = "TEXT", default_value = "")]
        description: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// List the groups
    List {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Show a group: its users and policies
    Show {
        /// By name or id
        group: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Rename or describe a group
    Update {
        /// By name or id
        group: String,
        #[arg(long, value_name = "NAME", required_unless_present = "description")]
        name: Option<String>,
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Delete a group; its users stay, without its policies
    Delete {
        /// By name or id
        group: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Put a user into a group
    AddUser(Member),
    /// Take a user out of a group
    RemoveUser(Member),
}

#[derive(Debug, Args)]
pub struct Member {
    /// The group, by name or id
    group: String,
    /// The user, by name or id
    #[arg(long, value_name = "USER")]
    user: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub async fn run(app: &App, command: Group) -> anyhow::Result<()> {
    let (found, json) = match command {
        Group::List { json } => return list(app, json).await,
        Group::Delete { group, json } => return delete(app, &group, json).await,
        Group::Create {
            name,
            description,
            json,
        } => (groups::create(app, &name, &description).await, json),
        Group::Show { group, json } => (groups::show(app, &group).await, json),
        Group::Update {
            group,
            name,
            description,
            json,
        } => {
            let change = Change { name, description };
            (groups::update(app, &group, change).await, json)
        }
        Group::AddUser(Member { group, user, json }) => {
            (groups::add_user(app, &group, &user).await, json)
        }
        Group::RemoveUser(Member { group, user, json }) => {
            (groups::remove_user(app, &group, &user).await, json)
        }
    };
    print(&found.map_err(told)?, json);
    Ok(())
}

async fn list(app: &App, json: bool) -> anyhow::Result<()> {
    let found = groups::list(app).await.map_err(told)?;
    if json {
        let groups: Vec<_> = found.iter().map(shown).collect();
        println!("{}", json!({ "groups": groups }));
        return Ok(());
    }
    for Found { group, members, .. } in &found {
        let users = members.len();
        println!("{}  {users:>5} users  {}", group.group_id, group.name);
    }
    Ok(())
}

async fn delete(app: &App, group: &str, json: bool) -> anyhow::Result<()> {
    let deleted = groups::delete(app, group).await.map_err(told)?;
    let (id, name) = (&deleted.group_id, &deleted.name);
    if json {
        println!("{}", json!({"group_id": id, "group_name": name}));
    } else {
        println!("{id}  {name}");
    }
    Ok(())
}

fn print(found: &Found, json: bool) {
    if json {
        println!("{}", shown(found));
        return;
    }
    let group = &found.group;
    let users: Vec<_> = found.members.iter().map(|(_, name)| &**name).collect();
    print_fields(&[
        ("group_id", group.group_id.as_str()),
        ("name", &group.name),
        ("description", &group.description),
        ("users", &users.join(", ")),
        ("policies", &attached_words(&found.attachments)),
    ]);
}

fn shown(found: &Found) -> Value {
    let group = &found.group;
    let members = found.members.iter();
    let users: Vec<_> = members
        .map(|(id, name)| json!({"user_id": id, "user_name": name}))
        .collect();
    let policies: Vec<_> = found.attachments.iter().map(attached).collect();
    json!({
        "group_id": group.group_id,
        "group_name": group.name,
        "description": group.description,
        "users": users,
        "policies": policies,
    })
}
