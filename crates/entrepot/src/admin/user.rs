//! `entrepot admin user create | list | show | update | delete`

use clap::{Args, Subcommand};
use entrepot_server::app::App;
use entrepot_server::iam::administer::users::{self, Change, Found, New};
use entrepot_server::keys::Secret;
use serde_json::{Value, json};

use super::answer::{attached, attached_words, print_fields, read_password, told};

#[derive(Debug, Subcommand)]
pub enum User {
    /// Create a user; without policies, they may do nothing yet
    Create(Create),
    /// List the users
    List {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Show a user: projects, groups and policies
    Show {
        /// By name or id
        user: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Change a user; a new password, and being disabled, end their tokens at once
    Update(Update),
    /// Delete a user with their keys and tokens; what they made stays
    Delete {
        /// By name or id
        user: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub struct Create {
    /// Unique in the library; 1 to 64 characters
    name: String,
    /// Where they may call, by id or name; may be repeated [default: the project, if there is one only]
    #[arg(long = "project", value_name = "PROJECT")]
    projects: Vec<String>,
    #[arg(long, value_name = "TEXT", default_value = "")]
    description: String,
    /// Take the password from standard input instead of making a random one
    #[arg(long)]
    password_stdin: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct Update {
    /// By name or id
    user: String,
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    #[command(flatten)]
    switch: Switch,
    /// Make a random password, and print it
    #[arg(long, conflicts_with = "password_stdin")]
    new_password: bool,
    /// Take a new password from standard input
    #[arg(long)]
    password_stdin: bool,
    /// Let them call in a project, by id or name; may be repeated
    #[arg(long = "add-project", value_name = "PROJECT")]
    add_projects: Vec<String>,
    /// Do not let them call in a project any more; may be repeated
    #[arg(long = "remove-project", value_name = "PROJECT")]
    remove_projects: Vec<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// On or off, or as it is.
#[derive(Debug, Args)]
pub struct Switch {
    /// Let it be used again
    #[arg(long, conflicts_with = "disable")]
    enable: bool,
    /// Refuse it, on every node within two seconds
    #[arg(long)]
    disable: bool,
}

impl Switch {
    pub fn state(&self) -> Option<bool> {
        match (self.enable, self.disable) {
            (true, _) => Some(true),
            (false, true) => Some(false),
            (false, false) => None,
        }
    }
}

pub async fn run(app: &App, command: User) -> anyhow::Result<()> {
    match command {
        User::Create(command) => create(app, command).await,
        User::List { json } => list(app, json).await,
        User::Show { user, json } => {
            let found = users::show(app, &user).await.map_err(told)?;
            print(&found, None, json);
            Ok(())
        }
        User::Update(command) => update(app, command).await,
        User::Delete { user, json } => {
            let deleted = users::delete(app, &user).await.map_err(told)?;
            let (id, name) = (&deleted.user_id, &deleted.name);
            if json {
                println!("{}", json!({"user_id": id, "user_name": name}));
            } else {
                println!("{id}  {name}");
            }
            Ok(())
        }
    }
}

async fn create(app: &App, command: Create) -> anyhow::Result<()> {
    let given = command.password_stdin.then(read_password).transpose()?;
    let new = New {
        name: command.name,
        description: command.description,
        projects: command.projects,
        password: given.clone(),
    };
    let (found, password) = users::create(app, new).await.map_err(told)?;
    let name = &found.user.name;
    if found.projects.is_empty() {
        eprintln!(
            "{name} may call in no project yet: entrepot admin user update {name} --add-project PROJECT"
        );
    }
    let password = given.is_none().then_some(password);
    if !command.json {
        print(&found, password.as_ref(), false);
        return Ok(());
    }
    let projects: Vec<_> = found.projects.iter().map(|p| &p.project_id).collect();
    let mut shown = json!({
        "user_id": found.user.user_id,
        "user_name": name,
        "domain_name": found.user.domain_name,
        "projects": projects,
    });
    if let Some(password) = password {
        shown["password"] = password.expose().into();
    }
    println!("{shown}");
    Ok(())
}

async fn list(app: &App, json: bool) -> anyhow::Result<()> {
    let found = users::list(app).await.map_err(told)?;
    if json {
        let users: Vec<_> = found.iter().map(shown).collect();
        println!("{}", json!({ "users": users }));
        return Ok(());
    }
    for found in &found {
        let (user, state) = (&found.user, state(found));
        println!("{}  {state:8}  {}", user.user_id, user.name);
    }
    Ok(())
}

async fn update(app: &App, command: Update) -> anyhow::Result<()> {
    let password = if command.new_password {
        Some(users::random_password())
    } else {
        command.password_stdin.then(read_password).transpose()?
    };
    let change = Change {
        name: command.name,
        description: command.description,
        enabled: command.switch.state(),
        password: password.clone(),
        add_projects: command.add_projects,
        remove_projects: command.remove_projects,
    };
    let found = users::update(app, &command.user, change).await;
    let found = found.map_err(told)?;
    if found.user.is_owner && password.is_some() {
        eprintln!("credentials.json keeps the owner's old password: correct it there.");
    }
    let password = password.filter(|_| command.new_password);
    print(&found, password.as_ref(), command.json);
    Ok(())
}

fn state(found: &Found) -> &'static str {
    match (found.user.is_owner, found.user.enabled) {
        (true, _) => "OWNER",
        (false, true) => "ENABLED",
        (false, false) => "DISABLED",
    }
}

fn print(found: &Found, password: Option<&Secret>, json: bool) {
    if json {
        let mut shown = shown(found);
        if let Some(password) = password {
            shown["password"] = password.expose().into();
        }
        println!("{shown}");
        return;
    }
    let user = &found.user;
    let projects: Vec<_> = found.projects.iter().map(|p| p.name.as_str()).collect();
    let groups: Vec<_> = found.groups.iter().map(|g| g.name.as_str()).collect();
    print_fields(&[
        ("user_id", user.user_id.as_str()),
        ("name", &user.name),
        ("domain", &user.domain_name),
        ("state", state(found)),
        ("description", &user.description),
        ("projects", &projects.join(", ")),
        ("groups", &groups.join(", ")),
        ("policies", &attached_words(&found.attachments)),
    ]);
    if let Some(password) = password {
        print_fields(&[("password", password.expose())]);
    }
}

fn shown(found: &Found) -> Value {
    let user = &found.user;
    let projects: Vec<_> = found.projects.iter().map(|p| &p.project_id).collect();
    let groups: Vec<_> = found.groups.iter().map(|g| &g.name).collect();
    let policies: Vec<_> = found.attachments.iter().map(attached).collect();
    json!({
        "user_id": user.user_id,
        "user_name": user.name,
        "domain_name": user.domain_name,
        "description": user.description,
        "enabled": user.enabled,
        "is_owner": user.is_owner,
        "projects": projects,
        "groups": groups,
        "policies": policies,
    })
}
