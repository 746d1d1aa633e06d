//! The tables of settings: to add or change a setting, change it here and in `default.toml`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::StoreParser;
use super::setting::{Row, Setting, UNBOUNDED, Value, help, number, table};
use crate::face::DetectorSettings;
use crate::identity::{DEFAULT_TARGET_FMR, DEFAULT_TARGET_FPIR};
use crate::imaging::DEFAULT_FRAMES;
use crate::inference::EngineKind;
use crate::store::{CasesKept, StoreChoice};
use crate::verdict::Depth;

/// In seconds.
const DAY: u64 = 24 * 60 * 60;

/// Upper bound for counts and for sizes in MiB.
const MAX_COUNT: u64 = 1 << 20;

table! {
    /// How the server listens and works.
    #[serde(expecting = "a table `[server]`")]
    "server", Server, ServerFlags {
        /// Address and port to listen on. An address other than loopback requires an API key and TLS, either here or in
        /// a proxy in front.
        listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 8080)),
            as ("listen", "FACEWARD_LISTEN") [value_name = "ADDRESS:PORT"];
        /// Listen beyond loopback without an API key and without TLS, for closed test networks.
        allow_unauthenticated: bool = false,
            as ("allow-unauthenticated", "FACEWARD_ALLOW_UNAUTHENTICATED")
            [value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true"];
        /// A proxy in front of the server terminates TLS: accept plain HTTP beyond loopback.
        tls_in_front: bool = false,
            as ("tls-in-front", "FACEWARD_TLS_IN_FRONT")
            [value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true"];
        /// Threads for inference; default: one per core.
        threads: Option<usize> = None, in 1..=4096,
            as ("threads", "FACEWARD_THREADS") [value_name = "N"];
        /// Requests that may wait for a thread; further requests are answered 429; default: 16 per thread.
        queue: Option<usize> = None, in 1..=MAX_COUNT,
            as ("queue", "FACEWARD_QUEUE") [value_name = "N"];
        /// Seconds after which a request is answered 503.
        deadline_s: u64 = 60, in 1..=DAY,
            as ("deadline", "FACEWARD_DEADLINE") [value_name = "SECONDS"];
        /// Seconds after which an enrollment, which may bring many photographs, is answered 503.
        enroll_deadline_s: u64 = 600, in 1..=DAY,
            as ("enroll-deadline", "FACEWARD_ENROLL_DEADLINE") [value_name = "SECONDS"];
        /// Most open connections; further connections wait to be accepted.
        connections: usize = 1024, in 1..=MAX_COUNT,
            as ("connections", "FACEWARD_CONNECTIONS") [value_name = "N"];
        /// Most open connections per client address (IPv6: per /64 network); further connections are answered 429.
        connections_per_address: usize = 256, in 1..=MAX_COUNT,
            as ("connections-per-address", "FACEWARD_CONNECTIONS_PER_ADDRESS") [value_name = "N"];
        /// Seconds for the head of a request, for a TLS handshake and for each piece of a body; an idle connection is
        /// closed after the same time.
        head_timeout_s: u64 = 15, in 1..=DAY,
            as ("head-timeout", "FACEWARD_HEAD_TIMEOUT") [value_name = "SECONDS"];
        /// Serve TLS with this certificate (PEM), followed by its chain; without it, plain HTTP.
        tls_cert: Option<PathBuf> = None,
            as ("tls-cert", "FACEWARD_TLS_CERT") [value_name = "FILE"];
        /// The private key of the certificate (PEM).
        tls_key: Option<PathBuf> = None,
            as ("tls-key", "FACEWARD_TLS_KEY") [value_name = "FILE"];
    }
}

table! {
    /// How much the server takes.
    #[serde(expecting = "a table `[limits]`")]
    "limits", Limits, LimitsFlags {
        /// Largest image in MiB.
        max_image_mib: usize = 20, in 1..=4096,
            as ("max-image-mib", "FACEWARD_MAX_IMAGE_MIB") [value_name = "MIB"];
        /// Most pixels per image, in millions.
        max_megapixels: u64 = 50, in 1..=4096,
            as ("max-megapixels", "FACEWARD_MAX_MEGAPIXELS") [value_name = "MEGAPIXELS"];
        /// Longest side of an image in pixels.
        max_side: u32 = 16_384, in 1..=UNBOUNDED,
            as ("max-side", "FACEWARD_MAX_SIDE") [value_name = "PIXELS"];
        /// Most faces verified per image: the largest by area.
        max_faces: usize = DetectorSettings::default().max_faces, in 1..=1024,
            as ("max-faces", "FACEWARD_MAX_FACES") [value_name = "N"];
        /// Most frames looked at per animation: different ones, by the time that they are shown.
        max_frames: usize = DEFAULT_FRAMES, in 1..=256,
            as ("max-frames", "FACEWARD_MAX_FRAMES") [value_name = "N"];
        /// Largest request body in MiB, at least the largest image.
        max_body_mib: usize = 64, in 1..=4096,
            as ("max-body-mib", "FACEWARD_MAX_BODY_MIB") [value_name = "MIB"];
        /// Memory for all request bodies together in MiB, at least the largest body; a body that does not fit is
        /// answered 503.
        body_memory_mib: usize = 512, in 1..=MAX_COUNT,
            as ("body-memory-mib", "FACEWARD_BODY_MEMORY_MIB") [value_name = "MIB"];
    }
}

table! {
    /// Where identities are kept.
    #[serde(expecting = "a table `[storage]`")]
    "storage", Storage, StorageFlags {
        /// Where identities and API keys are: sqlite: for a file in the data folder, or
        /// `postgres://USER@HOST:PORT/DATABASE` for a database that several servers share (docs/store.md). A password
        /// may be in the variable PGPASSWORD.
        store: StoreChoice = StoreChoice::default(),
            as ("store", "FACEWARD_STORE") [value_name = "URL", value_parser = StoreParser, hide_env_values = true];
        /// Folder with the enrolled identities, the API keys and the audit log. The default is made on
        /// the first start; another is made where the server is started with --create.
        data_dir: PathBuf = "enrollments".into(),
            as ("data-dir", "FACEWARD_DATA_DIR") [value_name = "DIR"];
        /// File with the master key, 64 hex digits; without it and without a command, master.key in the data folder.
        /// The variable `FACEWARD_MASTER_KEY` may hold the key itself.
        master_key_file: Option<PathBuf> = None,
            as ("master-key-file", "FACEWARD_MASTER_KEY_FILE") [value_name = "FILE"];
        /// Command that prints the master key, run by `sh -c`, for example the client of a key management service.
        master_key_command: Option<String> = None,
            as ("master-key-command", "FACEWARD_MASTER_KEY_COMMAND") [value_name = "COMMAND"];
        /// Seconds between the expiry of an identity, when it stops matching, and its erasure.
        erasure_grace_s: u64 = 600, in 0..=366 * DAY,
            as ("erasure-grace", "FACEWARD_ERASURE_GRACE") [value_name = "SECONDS"];
        /// Memory for the profiles of identities that faces were recently compared with, in MiB.
        profile_memory_mib: usize = 64, in 1..=MAX_COUNT,
            as ("profile-memory-mib", "FACEWARD_PROFILE_MEMORY_MIB") [value_name = "MIB"];
        /// Keep the images of references and negatives, sealed like their templates (docs/store.md).
        keep_images: bool = false,
            as ("keep-images", "FACEWARD_KEEP_IMAGES")
            [value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true"];
    }
}

table! {
    /// Which networks run, and on what.
    #[serde(expecting = "a table `[models]`")]
    "models", Models, ModelsFlags {
        /// Folder with the networks and their manifest.
        folder: PathBuf = "models".into(),
            as ("models", "FACEWARD_MODELS") [value_name = "DIR"];
        /// What runs the networks: tract, or ort for ONNX Runtime.
        engine: EngineKind = EngineKind::default(),
            as ("engine", "FACEWARD_ENGINE") [value_name = "ENGINE"];
    }
}

table! {
    /// How faces are detected.
    #[serde(expecting = "a table `[detector]`")]
    "detector", Detector, DetectorFlags {
        /// Longer sides of the detector's passes in pixels, each 64 to 4096, in ascending order and none twice.
        sides: Vec<u32> = DetectorSettings::default().sides,
            as ("detector-sides", "FACEWARD_DETECTOR_SIDES") [value_name = "PIXELS,…", value_parser = sides];
        /// Longer side in pixels at which a picture with faces is searched for smaller ones.
        search_side: u32 = DetectorSettings::default().search_side, in 64..=4096,
            as ("detector-search-side", "FACEWARD_DETECTOR_SEARCH_SIDE") [value_name = "PIXELS"];
    }
}

table! {
    /// How faces are judged.
    #[serde(expecting = "a table `[verdict]`")]
    "verdict", Verdict, VerdictFlags {
        /// How closely a face that depicts somebody is looked at: thorough, or fast without the image encoder.
        depth: Depth = Depth::default(),
            as ("depth", "FACEWARD_DEPTH") [value_name = "DEPTH"];
        /// Verify a degraded copy of every face called real or fake too, unless the request says otherwise
        /// (docs/robustness.md).
        stability_check: bool = false,
            as ("stability-check", "FACEWARD_STABILITY_CHECK")
            [value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true"];
        /// Share of strangers that may be matched with the person claimed: 0.000001 to 0.001.
        target_fmr: f32 = DEFAULT_TARGET_FMR,
            as ("target-fmr", "FACEWARD_TARGET_FMR") [value_name = "RATE"];
        /// Tell apparent age, sex and expression of faces in answers (docs/attributes.md).
        apparent_traits: bool = false,
            as ("apparent-traits", "FACEWARD_APPARENT_TRAITS")
            [value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true"];
    }
}

table! {
    /// How everybody enrolled is searched.
    #[serde(expecting = "a table `[search]`")]
    "search", Search, SearchFlags {
        /// Share of strangers that may be taken for somebody enrolled, whatever the number enrolled, unless the request
        /// says otherwise: 0.000001 to 0.5.
        target_fpir: f32 = DEFAULT_TARGET_FPIR,
            as ("target-fpir", "FACEWARD_TARGET_FPIR") [value_name = "RATE"];
    }
}

table! {
    /// Which verdicts are kept as cases for reviewers, and for how long.
    #[serde(expecting = "a table `[cases]`")]
    "cases", Cases, CasesFlags {
        /// Which verdicts are kept as cases for reviewers: none, identified (about somebody claimed or found), or all.
        keep: CasesKept = CasesKept::Identified,
            as ("keep-cases", "FACEWARD_KEEP_CASES") [value_name = "WHICH"];
        /// Days that a case is kept; 0 keeps none.
        ttl_days: u64 = 90, in 0..=3660,
            as ("cases-ttl", "FACEWARD_CASES_TTL") [value_name = "DAYS"];
        /// Most cases; the oldest are erased.
        max: u64 = 10_000, in 0..=MAX_COUNT,
            as ("max-cases", "FACEWARD_MAX_CASES") [value_name = "N"];
        /// Keep the images of cases too, sealed (docs/cases.md).
        keep_probes: bool = false,
            as ("keep-probes", "FACEWARD_KEEP_PROBES")
            [value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true"];
        /// Days that the image of a case is kept; 0 keeps none.
        probes_ttl_days: u64 = 30, in 0..=3660,
            as ("probes-ttl", "FACEWARD_PROBES_TTL") [value_name = "DAYS"];
        /// Most MiB of images of cases; the oldest are erased.
        probes_mib: u64 = 512, in 0..=MAX_COUNT,
            as ("probes-mib", "FACEWARD_PROBES_MIB") [value_name = "MIB"];
    }
}

table! {
    /// How the server logs.
    #[serde(expecting = "a table `[log]`")]
    "log", Log, LogFlags {
        /// Log JSON lines instead of text.
        json: bool = false,
            as ("log-json", "FACEWARD_LOG_JSON")
            [value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true"];
    }
}

table! {
    /// What is sent to an OpenTelemetry collector.
    #[serde(expecting = "a table `[telemetry]`")]
    "telemetry", Telemetry, TelemetryFlags {
        /// Send traces and metrics to this OpenTelemetry collector, over OTLP with HTTP, such as
        /// `http://127.0.0.1:4318` (docs/operation.md).
        otlp_endpoint: Option<String> = None,
            as ("otlp-endpoint", "OTEL_EXPORTER_OTLP_ENDPOINT") [value_name = "URL"];
        /// Seconds between two times that metrics are sent.
        otlp_interval_s: u64 = 60, in 1..=DAY,
            as ("otlp-interval", "FACEWARD_OTLP_INTERVAL") [value_name = "SECONDS"];
        /// Share of requests that are traced, 0 to 1, unless the caller decides (traceparent).
        otlp_sample_ratio: f32 = 1.0,
            as ("otlp-sample-ratio", "FACEWARD_OTLP_SAMPLE_RATIO") [value_name = "SHARE"];
    }
}

/// Sides separated by commas.
fn sides(text: &str) -> Result<Vec<u32>, String> {
    let side = |side: &str| {
        side.trim().parse().map_err(|_| format!("`{side}` is not a number of pixels: give for example 320,448,1280"))
    };
    text.split(',').map(side).collect()
}

impl Server {
    /// Threads for inference: as set, or one per core.
    pub fn inference_threads(&self) -> usize {
        self.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, Into::into))
    }

    /// Requests that may wait for a thread: as set, or 16 per thread.
    pub fn queue_length(&self) -> usize {
        self.queue.unwrap_or_else(|| 16 * self.inference_threads())
    }

    /// The longest that any answer may take.
    pub fn longest_deadline(&self) -> Duration {
        Duration::from_secs(self.deadline_s.max(self.enroll_deadline_s))
    }

    /// The certificate and its key, if the server terminates TLS itself.
    pub fn tls_files(&self) -> Option<(&Path, &Path)> {
        self.tls_cert.as_deref().zip(self.tls_key.as_deref())
    }
}

impl Telemetry {
    /// The address of the collector; `None` where none is given.
    pub fn endpoint(&self) -> Option<&str> {
        self.otlp_endpoint.as_deref().filter(|url| !url.is_empty())
    }
}

impl Limits {
    /// The largest request body in bytes.
    pub fn max_body_bytes(&self) -> usize {
        self.max_body_mib << 20
    }

    /// Memory for all request bodies together, in bytes.
    pub fn body_memory_bytes(&self) -> usize {
        self.body_memory_mib << 20
    }
}

impl StorageFlags {
    /// Whether a flag or a variable says where the master key is.
    pub fn names_master_key(&self) -> bool {
        self.master_key_file.is_some() || self.master_key_command.is_some()
    }
}
