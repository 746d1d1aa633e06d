//! `faceward serve`.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use faceward::api::{ServerSettings, serve};
use faceward::identity::store::SqliteStore;
use faceward::imaging::DecodeLimits;
use faceward::service::Service;

use super::Failure;

/// Serve the HTTP API.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  faceward serve --listen 127.0.0.1:8080 --data-dir enrollments\n  \
    curl -F image=@photo.jpg -F identity=jane http://127.0.0.1:8080/v1/verify")]
pub(super) struct Args {
    /// Address and port; beyond loopback an API key must exist.
    #[arg(long, env = "FACEWARD_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where identities are kept.
    #[arg(long, env = "FACEWARD_DATA_DIR", default_value = "enrollments")]
    data_dir: PathBuf,
    /// The folder with the networks and their manifest.
    #[arg(long, env = "FACEWARD_MODELS", default_value = "models")]
    models: PathBuf,
    /// Threads for inference; as many as cores unless given.
    #[arg(long, env = "FACEWARD_THREADS")]
    threads: Option<usize>,
    /// Requests that may wait for a thread; further ones are answered 429.
    #[arg(long, env = "FACEWARD_QUEUE")]
    queue: Option<usize>,
    /// The largest image in MiB.
    #[arg(long, env = "FACEWARD_MAX_IMAGE_MIB", default_value_t = 20)]
    max_image_mib: usize,
    /// The most pixels of an image, in millions.
    #[arg(long, env = "FACEWARD_MAX_MEGAPIXELS", default_value_t = 50)]
    max_megapixels: u64,
    /// Seconds after which a request is given up.
    #[arg(long, env = "FACEWARD_DEADLINE", default_value_t = 60)]
    deadline: u64,
    /// Listen beyond loopback although no API key exists (for closed test networks).
    #[arg(long, env = "FACEWARD_ALLOW_UNAUTHENTICATED")]
    allow_unauthenticated: bool,
    /// Log as JSON lines.
    #[arg(long, env = "FACEWARD_LOG_JSON")]
    log_json: bool,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    log(args.log_json);
    let store = Arc::new(SqliteStore::open(&args.data_dir)?);
    let limits = DecodeLimits {
        max_bytes: args.max_image_mib << 20,
        max_pixels: args.max_megapixels * 1_000_000,
        ..DecodeLimits::default()
    };
    let service = Arc::new(Service::open(&args.models, store, limits)?);
    let defaults = ServerSettings::default();
    let threads = args.threads.unwrap_or(defaults.threads);
    let settings = ServerSettings {
        listen: args.listen,
        threads,
        queue: args.queue.unwrap_or(16 * threads),
        deadline: Duration::from_secs(args.deadline),
        allow_unauthenticated: args.allow_unauthenticated,
        ..defaults
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(service, settings, |address, authenticate| {
        // A closed standard output must not stop a server.
        let mut out = std::io::stdout();
        let _ = writeln!(out, "listening on http://{address}");
        if !authenticate {
            let _ = writeln!(out, "no API key is configured: anyone who can reach this address can use it");
        }
    }))?;
    Ok(ExitCode::SUCCESS)
}

/// Logs to standard error; `FACEWARD_LOG` filters, for example `faceward=debug,tower_http=info`.
fn log(json: bool) {
    let filter = tracing_subscriber::EnvFilter::try_from_env("FACEWARD_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second initialisation can only happen in tests; the first one stays.
    let _ = if json { builder.json().try_init() } else { builder.try_init() };
}
