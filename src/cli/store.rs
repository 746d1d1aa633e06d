//! `faceward store`: copying a store.

use std::process::ExitCode;

use clap::Subcommand;
use faceward::audit::Actor;
use faceward::config::StoreParser;
use faceward::service::RecordedStore;
use faceward::store::{StoreChoice, StoreCopied};
use serde_json::json;

use super::master::MasterArgs;
use super::shared_args::DataDir;
use super::{Failure, open};

/// Copy everything between the data folder and a database, or between databases.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  faceward store copy --from sqlite: --to postgres://faceward@db.example/faceward")]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Copy identities, templates, images, API keys and receipts to an empty store, and compare every row. Stop the
    /// servers of both first. Both have the same master key.
    #[command(
        after_help = "Examples:\n  faceward store copy --from sqlite: --to postgres://faceward@db.example/faceward\n  \
        faceward store copy --from postgres://faceward@db.example/faceward --to sqlite: --data-dir copy\n\n\
        Exit codes: 0 copied and compared, 1 it failed: drop the copy, 2 wrong usage."
    )]
    Copy {
        /// Store to copy: sqlite: for the data folder, or `postgres://USER@HOST:PORT/DATABASE`.
        #[arg(long, value_parser = StoreParser, value_name = "URL")]
        from: StoreChoice,
        /// Store to copy to, in the same form; it is made where there is none.
        #[arg(long, value_parser = StoreParser, value_name = "URL")]
        to: StoreChoice,
        #[command(flatten)]
        data: DataDir,
        #[command(flatten)]
        master: MasterArgs,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let Action::Copy { from, to, data, master, json } = &args.action;
    if from == to {
        return Err("the two stores are the same: name another by --to".into());
    }
    open::existing(from, &data.data_dir)?;
    let copied = RecordedStore::copy(&Actor::CommandLine, (from, to), &data.data_dir, &master.source()?)?;
    let StoreCopied { identities, samples, images, keys, receipts } = copied;
    if *json {
        let document = json!({ "identities": identities, "samples": samples, "images": images, "keys": keys,
            "receipts": receipts });
        println!("{document}");
    } else {
        println!(
            "copied and compared: {identities} identities, {samples} references and negatives, {images} images, {keys} \
             API keys, {receipts} receipts"
        );
    }
    Ok(ExitCode::SUCCESS)
}
