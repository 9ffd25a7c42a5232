//! `entrepot show ASSET`

use clap::Args;
use entrepot_api::assets::DigitalAssetInfo;
use entrepot_api::files::AssetFileInfo;

use super::failure::Result;
use super::text::{plain, size};
use super::{Connection, to_json};

#[derive(Debug, Args)]
pub struct Show {
    /// The asset's id
    #[arg(value_name = "ASSET")]
    asset: String,
    #[command(flatten)]
    connection: Connection,
    /// Print the asset as one JSON object, as the API has it
    #[arg(long)]
    json: bool,
}

pub async fn run(command: Show) -> Result<()> {
    let api = command.connection.open()?;
    let asset = api.get_asset(&command.asset).await?;
    if command.json {
        println!("{}", to_json(&asset)?);
        return Ok(());
    }
    for (name, value) in fields(&asset) {
        println!("{name:<12} {}", plain(&value));
    }
    for file in &asset.files {
        println!("{:<12} {}", "file", plain(&file_line(file)));
    }
    Ok(())
}

/// Names and values, without what is not there.
fn fields(asset: &DigitalAssetInfo) -> Vec<(&'static str, String)> {
    let properties = asset.system_properties.iter();
    let properties: Vec<String> = properties
        .map(|p| format!("{}={}", p.key, p.value.as_deref().unwrap_or_default()))
        .collect();
    let order = (asset.asset_order != 0).then(|| asset.asset_order.to_string());
    let meta = asset.asset_extra_meta.as_ref().filter(|m| !m.is_empty());
    let fields = [
        ("id", Some(asset.asset_id.clone())),
        ("name", Some(asset.asset_name.clone())),
        ("type", Some(asset.asset_type.clone())),
        ("state", Some(asset.asset_state.clone())),
        ("blocked", asset.block_reason_code.clone()),
        ("reason", asset.reason.clone()),
        ("description", asset.asset_description.clone()),
        ("tags", Some(asset.tags.join(", "))),
        ("properties", Some(properties.join(", "))),
        ("services", Some(asset.supported_service.join(", "))),
        ("app user", asset.app_user_id.clone()),
        ("order", order),
        ("metadata", meta.and_then(|meta| to_json(meta).ok())),
        ("created", Some(asset.create_time.clone())),
        ("updated", Some(asset.update_time.clone())),
        ("version", Some(asset.entrepot_version.to_string())),
    ];
    let there = fields.into_iter();
    there
        .filter_map(|(name, value)| Some((name, value.filter(|v| !v.is_empty())?)))
        .collect()
}

fn file_line(file: &AssetFileInfo) -> String {
    let bytes = file.file_size.and_then(|bytes| u64::try_from(bytes).ok());
    let bytes = bytes.map_or_else(|| "-".into(), size);
    let mut line = format!(
        "{}  {}  {}  {bytes}  {}",
        file.file_id, file.asset_file_category, file.state, file.file_name
    );
    if let Some(sha256) = &file.entrepot_sha256 {
        line = format!("{line}  sha256:{sha256}");
    }
    if let Some(progress) = &file.entrepot_progress {
        let (done, total) = (progress.bytes_done.max(0), progress.bytes_total.max(1));
        line = format!("{line}  checking {} %", done.saturating_mul(100) / total);
    }
    if let Some(reason) = &file.reason {
        line = format!("{line}  ({reason})");
    }
    line
}
