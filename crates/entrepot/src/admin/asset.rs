//! `entrepot admin asset block | unblock`

use clap::Subcommand;
use entrepot_server::app::App;
use entrepot_server::assets::{Asset as Found, blocking};
use entrepot_server::ids::AssetId;
use serde_json::json;

#[derive(Debug, Subcommand)]
pub enum Asset {
    /// Freeze an asset: its files are unreadable at once
    Block {
        asset: String,
        /// A code of your own, shown as block_reason_code
        #[arg(long, value_name = "CODE")]
        reason_code: String,
        /// A sentence, shown as reason
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Lift the block: the asset has the state again that it had
    Unblock {
        asset: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

pub async fn run(app: &App, command: Asset) -> anyhow::Result<()> {
    let (asset, as_json) = match command {
        Asset::Block {
            asset,
            reason_code,
            reason,
            json,
        } => {
            let id = AssetId::new(asset);
            (blocking::block(app, &id, &reason_code, &reason).await, json)
        }
        Asset::Unblock { asset, json } => {
            let id = AssetId::new(asset);
            (blocking::unblock(app, &id).await, json)
        }
    };
    print(&asset.map_err(|e| anyhow::anyhow!(e.message))?, as_json);
    Ok(())
}

fn print(asset: &Found, as_json: bool) {
    let (id, state) = (asset.asset_id.as_str(), asset.state().as_str());
    if as_json {
        let code = &asset.block_reason_code;
        let shown = json!({"asset_id": id, "asset_state": state, "block_reason_code": code,
            "reason": asset.reason});
        println!("{shown}");
    } else {
        println!("{id} is {state}");
    }
}
