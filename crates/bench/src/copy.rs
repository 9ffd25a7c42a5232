//! Copies a library from SQLite to PostgreSQL, table by table: the two then hold the same.

use std::path::Path;

use anyhow::{Context, anyhow};
use bytes::{Bytes, BytesMut};
use entrepot_server::db::Db;
use futures_util::SinkExt;
use rusqlite::types::ValueRef;
use tokio_postgres::{Client, NoTls};

const BLOCK: usize = 256 * 1024;
const DATABASE: &str = "entrepot_bench";

/// Makes a database of its own beside the one of `url` and answers its URL.
pub async fn to_postgres(data: &Path, url: &str) -> anyhow::Result<String> {
    let target = {
        let client = connect(url).await?;
        let drop = format!("DROP DATABASE IF EXISTS {DATABASE}");
        client.batch_execute(&drop).await?;
        client
            .batch_execute(&format!("CREATE DATABASE {DATABASE}"))
            .await?;
        let (server, _) = url
            .rsplit_once('/')
            .context("a database URL ends in /name")?;
        format!("{server}/{DATABASE}")
    };
    let migrated = Db::connect_postgres(&target, 1).await;
    drop(migrated.map_err(|error| anyhow!("the schema: {error}"))?);
    let client = connect(&target).await?;
    // parents and children come in any order
    client
        .batch_execute("SET session_replication_role = replica")
        .await?;
    let source = rusqlite::Connection::open(data.join("entrepot.db"))?;
    for table in tables(&source)? {
        copy(&source, &client, &table).await.context(table)?;
    }
    client.batch_execute("VACUUM ANALYZE").await?;
    Ok(target)
}

async fn connect(url: &str) -> anyhow::Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

fn tables(source: &rusqlite::Connection) -> anyhow::Result<Vec<String>> {
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
               AND name <> 'refinery_schema_history'";
    let mut statement = source.prepare(sql)?;
    let names = statement.query_map([], |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

async fn copy(source: &rusqlite::Connection, target: &Client, table: &str) -> anyhow::Result<()> {
    let (columns, blocks) = blocks(source, table)?;
    let sql = format!("COPY {table} ({columns}) FROM STDIN");
    let sink = target.copy_in::<_, Bytes>(&sql).await?;
    let mut sink = std::pin::pin!(sink);
    for block in blocks {
        sink.send(block).await?;
    }
    sink.finish().await?;
    Ok(())
}

/// The names of a table's columns and its rows in the text form of COPY.
fn blocks(source: &rusqlite::Connection, table: &str) -> anyhow::Result<(String, Vec<Bytes>)> {
    let mut statement = source.prepare(&format!("SELECT * FROM {table}"))?;
    let columns = statement.column_names().collect::<Vec<_>>().join(", ");
    let count = statement.column_count();
    let mut rows = statement.query([])?;
    let (mut blocks, mut block) = (Vec::new(), BytesMut::new());
    while let Some(row) = rows.next()? {
        for i in 0..count {
            if i > 0 {
                block.extend_from_slice(b"\t");
            }
            push(&mut block, row.get_ref(i)?);
        }
        block.extend_from_slice(b"\n");
        if block.len() >= BLOCK {
            blocks.push(block.split().freeze());
        }
    }
    blocks.push(block.freeze());
    Ok((columns, blocks))
}

fn push(block: &mut BytesMut, value: ValueRef<'_>) {
    match value {
        ValueRef::Null => block.extend_from_slice(b"\\N"),
        ValueRef::Integer(v) => block.extend_from_slice(v.to_string().as_bytes()),
        ValueRef::Real(v) => block.extend_from_slice(v.to_string().as_bytes()),
        ValueRef::Text(text) | ValueRef::Blob(text) => {
            for byte in text {
                match byte {
                    b'\\' => block.extend_from_slice(b"\\\\"),
                    b'\t' => block.extend_from_slice(b"\\t"),
                    b'\n' => block.extend_from_slice(b"\\n"),
                    b'\r' => block.extend_from_slice(b"\\r"),
                    other => block.extend_from_slice(&[*other]),
                }
            }
        }
    }
}
