//! What the commands about people and permissions have in common: errors, secrets, output.

use std::io::Read;

use anyhow::Context;
use entrepot_server::error::Error;
use entrepot_server::iam::model::Attachment;
use entrepot_server::keys::Secret;
use serde_json::{Value, json};

/// Longer than any password may be.
const MAX_SECRET: u64 = 1024;

/// The sentence for the person at the terminal; the cause is there only where the fault is inside.
pub fn told(error: Error) -> anyhow::Error {
    match error.cause {
        Some(cause) => anyhow::anyhow!("{} ({cause})", error.message),
        None => anyhow::anyhow!(error.message),
    }
}

/// The first line of standard input.
pub fn read_password() -> anyhow::Result<Secret> {
    let mut text = String::new();
    let mut input = std::io::stdin().lock().take(MAX_SECRET);
    input
        .read_to_string(&mut text)
        .context("the password could not be read from standard input")?;
    Ok(Secret::new(text.lines().next().unwrap_or_default()))
}

/// Names and values under each other.
pub fn print_fields(fields: &[(&str, &str)]) {
    for (name, value) in fields {
        println!("{name:12} {value}");
    }
}

/// A policy as its holder has it.
pub fn attached(attachment: &Attachment) -> Value {
    json!({
        "policy_id": attachment.policy_id,
        "policy_name": attachment.policy_name,
        "project_id": attachment.project_id,
    })
}

/// The same for people: `read-only, uploader in 0193…`
pub fn attached_words(attachments: &[Attachment]) -> String {
    let words = attachments.iter().map(|a| match &a.project_id {
        Some(project) => format!("{} in {project}", a.policy_name),
        None => a.policy_name.clone(),
    });
    words.collect::<Vec<_>>().join(", ")
}
