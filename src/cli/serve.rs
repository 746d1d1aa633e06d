//! `faceward serve`.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use faceward::api::{ServeError, serve};
use faceward::config::Settings;
use faceward::inference::EngineKind;
use faceward::service::Service;

use super::master::MasterArgs;
use super::{Failure, open};

/// Serve the HTTP API.
///
/// Settings come from the defaults, then a file, then the environment, then flags; `faceward config` prints them all.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  faceward serve --listen 127.0.0.1:8080 --data-dir enrollments\n  \
    curl -F image=@photo.jpg -F identity=jane http://127.0.0.1:8080/v1/verify")]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(super) struct Args {
    /// A settings file (TOML).
    #[arg(long, env = "FACEWARD_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address and port; beyond loopback an API key must exist, and TLS here or in front [default: 127.0.0.1:8080].
    #[arg(long, env = "FACEWARD_LISTEN")]
    listen: Option<SocketAddr>,
    /// Where identities are kept [default: enrollments].
    #[arg(long, env = "FACEWARD_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
    #[command(flatten)]
    master: MasterArgs,
    /// Seconds that an identity must have been expired before it is erased; it stops matching at once [default: 600].
    #[arg(long, env = "FACEWARD_ERASURE_GRACE", value_name = "SECONDS")]
    erasure_grace: Option<u64>,
    /// The folder with the networks and their manifest [default: models].
    #[arg(long, env = "FACEWARD_MODELS", value_name = "DIR")]
    models: Option<PathBuf>,
    /// What runs the networks: tract, or ort for ONNX Runtime [default: tract].
    #[arg(long, env = "FACEWARD_ENGINE", value_name = "NAME")]
    engine: Option<EngineKind>,
    /// The longer sides of the detector's passes in pixels [default: 320,448,1280].
    #[arg(long, env = "FACEWARD_DETECTOR_SIDES", value_name = "PIXELS,…", value_delimiter = ',')]
    detector_sides: Vec<u32>,
    /// Threads for inference [default: as many as cores].
    #[arg(long, env = "FACEWARD_THREADS")]
    threads: Option<usize>,
    /// Requests that may wait for a thread; further ones are answered 429 [default: 16 a thread].
    #[arg(long, env = "FACEWARD_QUEUE")]
    queue: Option<usize>,
    /// The largest image in MiB [default: 20].
    #[arg(long, env = "FACEWARD_MAX_IMAGE_MIB")]
    max_image_mib: Option<usize>,
    /// The most pixels of an image, in millions [default: 50].
    #[arg(long, env = "FACEWARD_MAX_MEGAPIXELS")]
    max_megapixels: Option<u64>,
    /// The most faces of an image that are looked at, its largest [default: 16].
    #[arg(long, env = "FACEWARD_MAX_FACES")]
    max_faces: Option<usize>,
    /// Seconds after which a request is given up [default: 60].
    #[arg(long, env = "FACEWARD_DEADLINE", value_name = "SECONDS")]
    deadline: Option<u64>,
    /// Connections at once; further ones wait to be accepted [default: 1024].
    #[arg(long, env = "FACEWARD_CONNECTIONS")]
    connections: Option<usize>,
    /// Connections an address; further ones are answered 429 [default: 256].
    #[arg(long, env = "FACEWARD_CONNECTIONS_PER_ADDRESS")]
    connections_per_address: Option<usize>,
    /// What all request bodies may have of memory together, in MiB; further ones are answered 503 [default: 512].
    #[arg(long, env = "FACEWARD_BODY_MEMORY_MIB")]
    body_memory_mib: Option<usize>,
    /// Seconds for a request's head, a TLS handshake, or the next piece of a body [default: 15].
    #[arg(long, env = "FACEWARD_HEAD_TIMEOUT", value_name = "SECONDS")]
    head_timeout: Option<u64>,
    /// Serve TLS with this certificate (PEM, the chain behind it).
    #[arg(long, env = "FACEWARD_TLS_CERT", value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM).
    #[arg(long, env = "FACEWARD_TLS_KEY", value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Something in front ends TLS: speak plain HTTP to it beyond loopback.
    #[arg(long, env = "FACEWARD_TLS_IN_FRONT")]
    tls_in_front: bool,
    /// Listen beyond loopback although no API key exists, and without TLS (for closed test networks).
    #[arg(long, env = "FACEWARD_ALLOW_UNAUTHENTICATED")]
    allow_unauthenticated: bool,
    /// Judge a degraded copy of every face called real or fake too (docs/robustness.md).
    #[arg(long, env = "FACEWARD_STABILITY_CHECK")]
    stability_check: bool,
    /// Keep the images of references and negatives too, sealed as their templates are (docs/store.md).
    #[arg(long, env = "FACEWARD_KEEP_IMAGES")]
    keep_images: bool,
    /// Log as JSON lines.
    #[arg(long, env = "FACEWARD_LOG_JSON")]
    log_json: bool,
}

impl Args {
    /// The file's settings, or the defaults, with the environment and the flags laid over them.
    fn settings(&self) -> Result<Settings, Failure> {
        let mut s = self.config.as_deref().map(Settings::from_file).transpose()?.unwrap_or_default();
        lay(&mut s.server.listen, self.listen);
        lay(&mut s.storage.data_dir, self.data_dir.clone());
        lay(&mut s.storage.erasure_grace_s, self.erasure_grace);
        lay(&mut s.models.folder, self.models.clone());
        lay(&mut s.models.engine, self.engine);
        lay(&mut s.detector.sides, Some(self.detector_sides.clone()).filter(|sides| !sides.is_empty()));
        lay(&mut s.server.threads, self.threads.map(Some));
        lay(&mut s.server.queue, self.queue.map(Some));
        lay(&mut s.limits.max_image_mib, self.max_image_mib);
        lay(&mut s.limits.max_megapixels, self.max_megapixels);
        lay(&mut s.limits.max_faces, self.max_faces);
        lay(&mut s.server.deadline_s, self.deadline);
        lay(&mut s.server.connections, self.connections);
        lay(&mut s.server.connections_per_address, self.connections_per_address);
        lay(&mut s.limits.body_memory_mib, self.body_memory_mib);
        lay(&mut s.server.head_timeout_s, self.head_timeout);
        lay(&mut s.server.tls_cert, self.tls_cert.clone().map(Some));
        lay(&mut s.server.tls_key, self.tls_key.clone().map(Some));
        s.server.allow_unauthenticated |= self.allow_unauthenticated;
        s.server.tls_in_front |= self.tls_in_front;
        s.verdict.stability_check |= self.stability_check;
        s.storage.keep_images |= self.keep_images;
        s.log.json |= self.log_json;
        s.limits.max_body_mib = s.limits.max_body_mib.max(s.limits.max_image_mib);
        s.limits.body_memory_mib = s.limits.body_memory_mib.max(s.limits.max_body_mib);
        s.check()?;
        Ok(s)
    }
}

fn lay<T>(setting: &mut T, over: Option<T>) {
    if let Some(value) = over {
        *setting = value;
    }
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let settings = args.settings()?;
    log(settings.log.json);
    let master = args.master.or(&settings.storage);
    let store = open::store(&settings.storage.data_dir, &master.source()?)?;
    let engine = settings.models.engine.open()?;
    let limits = settings.decode_limits();
    let server = settings.server_settings();
    let service = store.into_service(|store| -> Result<Service, Failure> {
        let service = Service::open_with(engine.as_ref(), &settings.models.folder, store, limits)?
            .with_detector(settings.detector_settings())
            .calibrated_by(&settings.storage.data_dir)?
            .with_stability_check(settings.verdict.stability_check)
            .with_images_kept(settings.storage.keep_images);
        Ok(service.with_threads(server.threads)?)
    })?;
    let unmet = service.unmet_targets()?;
    if unmet > 0 {
        tracing::warn!(
            identities = unmet,
            "identities ask for error rates that the thresholds in use were not fitted to; the nearest ones apply, and \
             answers say which"
        );
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(serve(Arc::new(service), server, |listening| {
        // A closed standard output must not stop a server.
        let mut out = std::io::stdout();
        let scheme = if listening.tls { "https" } else { "http" };
        let _ = writeln!(out, "listening on {scheme}://{}", listening.address);
        if !listening.authenticates {
            let _ = writeln!(out, "no API key was ever issued: anyone who can reach this address can use it");
        }
    }));
    if let Err(e @ ServeError::CutShort) = &served {
        tracing::error!("{e}");
        // Threads may be at work for minutes; what they have not written is not acknowledged.
        std::process::exit(1);
    }
    served?;
    Ok(ExitCode::SUCCESS)
}

/// Logs to standard error; `FACEWARD_LOG` filters, for example `faceward=debug,tower_http=info`.
fn log(json: bool) {
    let filter = tracing_subscriber::EnvFilter::try_from_env("FACEWARD_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    // A standard error that takes nothing (a full disk) must not stop a server either.
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).log_internal_errors(false);
    // A second initialisation can only happen in tests; the first one stays.
    let _ = if json { builder.json().try_init() } else { builder.try_init() };
}
