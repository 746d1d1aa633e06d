//! `faceward healthcheck`: readiness of a server, for containers without curl.

use std::process::ExitCode;
use std::time::Duration;

use faceward::batch::no_answer;
use serde_json::json;
use ureq::http::StatusCode;

use super::Failure;

/// Ask a running server whether it is ready.
///
/// The server's certificate is not verified: it does not name a loopback address, and the request carries no secret.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  faceward healthcheck\n  faceward healthcheck --url http://127.0.0.1:8080/readyz\n\n\
    Exit codes: 0 the server is ready, 1 it is not or does not answer within 5 seconds, 2 wrong usage."
)]
pub(super) struct Args {
    /// URL to request [default: `http://127.0.0.1:8080/readyz`, https if the variable `FACEWARD_TLS_CERT` is set].
    #[arg(long)]
    url: Option<String>,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let scheme = if std::env::var_os("FACEWARD_TLS_CERT").is_some_and(|v| !v.is_empty()) { "https" } else { "http" };
    let url = args.url.clone().unwrap_or_else(|| format!("{scheme}://127.0.0.1:8080/readyz"));
    let status = ask(&url)?;
    if args.json {
        println!("{}", json!({ "url": url, "status": status.as_u16(), "ready": status.is_success() }));
    } else {
        println!("{url}: {status}");
    }
    Ok(if status.is_success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The status with which a server answers a request of `url`.
pub(super) fn ask(url: &str) -> Result<StatusCode, String> {
    let tls = ureq::tls::TlsConfig::builder().disable_verification(true).build();
    let config = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(5))).tls_config(tls);
    let agent = config.http_status_as_error(false).build().new_agent();
    Ok(agent.get(url).call().map_err(|e| no_answer(url, "--url", &e))?.status())
}
