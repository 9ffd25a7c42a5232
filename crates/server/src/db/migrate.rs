//! Brings a database up to the schema of this program: one numbered set of SQL files for both.
//!
//! `PostgreSQL` compares text by the rules of a language unless told otherwise, `SQLite` by bytes.
//! Every TEXT column is therefore declared `COLLATE "C"` there, the only place where the two differ.

use refinery::embed_migrations;

use super::DbError;

embed_migrations!("../../migrations");

fn failed(error: &refinery::Error) -> DbError {
    DbError::Other(format!(
        "the schema could not be brought up to date: {error}"
    ))
}

pub(super) fn sqlite(connection: &mut rusqlite::Connection) -> Result<(), DbError> {
    migrations::runner()
        .run(connection)
        .map_err(|e| failed(&e))?;
    Ok(())
}

pub(super) async fn postgres(client: &mut tokio_postgres::Client) -> Result<(), DbError> {
    // several nodes may start at once: one brings the schema up to date, the others wait
    client
        .batch_execute("SELECT pg_advisory_lock(7310234)")
        .await?;
    let done = with_binary_text().run_async(client).await;
    client
        .batch_execute("SELECT pg_advisory_unlock(7310234)")
        .await?;
    done.map_err(|e| failed(&e))?;
    Ok(())
}

fn with_binary_text() -> refinery::Runner {
    let binary: Vec<refinery::Migration> = migrations::runner()
        .get_migrations()
        .iter()
        .map(|migration| {
            let sql = migration.sql().unwrap_or_default();
            let sql = sql.replace(" TEXT", " TEXT COLLATE \"C\"");
            refinery::Migration::unapplied(&migration.to_string(), &sql)
                .expect("the name was valid before")
        })
        .collect();
    refinery::Runner::new(&binary)
}
