//! `faceward healthcheck`: for containers, which have no curl.

use std::process::ExitCode;
use std::time::Duration;

use super::Failure;

/// Ask a running server whether it is ready; exit code 0 when it is.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  faceward healthcheck --url http://127.0.0.1:8080/readyz")]
pub(super) struct Args {
    /// What to ask.
    #[arg(long, default_value = "http://127.0.0.1:8080/readyz")]
    url: String,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let agent = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(5))).build().new_agent();
    let answer = agent.get(&args.url).call()?;
    println!("{}", answer.status());
    Ok(ExitCode::SUCCESS)
}
