//! The server: its layers, its start and its orderly stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::IntoResponse;
use tokio::net::TcpListener;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;
use tower_http::trace::TraceLayer;
use utoipa_swagger_ui::SwaggerUi;

use super::connection::{self, ConnectionLimits, Drained, Signals, TlsError, TlsFiles};
use super::key_cache::{KeyCache, keep_fresh};
use super::middleware::budget::{self, Budget};
use super::middleware::coding;
use super::middleware::deadline::within_deadline;
use super::middleware::observe::{NUMBER, numbered, observe, plain_number};
use super::routes::console;
use super::state::AppState;
use super::trace::Tracer;
use super::{Problem, background, meters, openapi};
use crate::audit::Actor;
use crate::config::{self, Settings};
use crate::error_code::ErrorCode;
use crate::service::{Pool, RecordedService, ServiceError};
use crate::store::StoreError;
use crate::telemetry::{Destination, Resource, Telemetry};

/// Why the server did not start, or stopped early.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be bound.
    #[error("cannot listen on `{address}`: {source}; choose another address (--listen)")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        source: std::io::Error,
    },
    /// There is no API key, and others could reach the server.
    #[error(
        "refusing to listen on `{0}` without any API key: anyone who can reach it could enroll and verify. Create a \
         key (faceward keys create --name NAME --scope enroll,verify), listen on 127.0.0.1, or pass \
         --allow-unauthenticated"
    )]
    Unprotected(SocketAddr),
    /// Keys and photographs would travel unencrypted.
    #[error(
        "refusing to listen on `{0}` without TLS: keys and photographs would travel unencrypted. Give a certificate \
         (--tls-cert, --tls-key), listen on 127.0.0.1, or pass --tls-in-front if a proxy in front of this server \
         terminates TLS"
    )]
    Unencrypted(SocketAddr),
    /// TLS cannot be set up.
    #[error("TLS: {0}")]
    Tls(#[from] TlsError),
    /// The audit log cannot be written.
    #[error(transparent)]
    Audit(#[from] ServiceError),
    /// The keys cannot be read.
    #[error("store: {0}")]
    Store(#[from] StoreError),
    /// The server was told to stop a second time and dropped the requests in flight.
    #[error("told to stop a second time: requests in flight were dropped")]
    CutShort,
    /// Metrics or threads cannot be set up.
    #[error("cannot start: {0}")]
    Start(String),
}

/// How the server can be reached, once it listens.
#[derive(Clone, Copy, Debug)]
pub struct Listening {
    /// The address that was bound.
    pub address: SocketAddr,
    /// Whether it serves TLS.
    pub tls: bool,
    /// Whether requests need an API key.
    pub authenticates: bool,
}

/// Serves until the process is told to stop (SIGTERM or SIGINT), then finishes the requests in flight, for as long as a
/// request may take. Told a second time, it ends immediately.
///
/// # Errors
/// A [`ServeError`]. After [`ServeError::CutShort`] threads may still be at work: the process should end.
pub async fn serve(
    service: Arc<RecordedService>,
    settings: &Settings,
    on_listening: impl FnOnce(Listening),
) -> Result<(), ServeError> {
    let opening = service.clone();
    let opened = tokio::task::spawn_blocking(move || KeyCache::open(opening)).await;
    let keys = Arc::new(opened.map_err(|e| ServeError::Start(e.to_string()))??);
    let server = &settings.server;
    let tls =
        server.tls_files().map(|(certificate, key)| TlsFiles { certificate: certificate.into(), key: key.into() });
    let certificate = tls.as_ref().and_then(|files| files.facts().ok());
    let tls = tls.as_ref().map(TlsFiles::acceptor).transpose()?;
    if !keys.required() && !server.listen.ip().is_loopback() && !server.allow_unauthenticated {
        return Err(ServeError::Unprotected(server.listen));
    }
    let in_clear = tls.is_none() && !server.tls_in_front && !server.allow_unauthenticated;
    if in_clear && !server.listen.ip().is_loopback() {
        return Err(ServeError::Unencrypted(server.listen));
    }
    let start = |e: &dyn std::fmt::Display| ServeError::Start(e.to_string());
    let metrics = meters::install().map_err(|e| start(&e))?;
    meters::begin(service.versions(), server.inference_threads(), server.queue_length(), certificate.as_ref());
    let pool = Pool::start(server.inference_threads(), server.queue_length()).map_err(|e| start(&e))?;
    let state = AppState { service: service.clone(), pool: Arc::new(pool), keys: keys.clone(), metrics };

    let signals = Signals::new().map_err(|e| start(&e))?;
    let address = server.listen;
    let listen = |source| ServeError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    if tls.is_none() && !address.ip().is_loopback() {
        tracing::warn!(
            "plain HTTP beyond loopback: keys and photographs travel unencrypted unless a proxy in front encrypts"
        );
    }
    let authenticates = keys.required();
    service.acting_as(Actor::Service).started(authenticates)?;
    on_listening(Listening { address, tls: tls.is_some(), authenticates });
    let telemetry = telemetry(&settings.telemetry).map_err(|e| start(&e))?;
    let interval = Duration::from_secs(settings.telemetry.otlp_interval_s);
    let background = [
        tokio::spawn(background::send_metrics(telemetry.clone(), state.clone(), interval)),
        tokio::spawn(keep_fresh(keys)),
        tokio::spawn(background::flush(service.clone())),
        tokio::spawn(background::count(state.metrics.clone())),
        tokio::spawn(background::read_again(service.clone())),
        tokio::spawn(background::keep_cases(service.clone(), Duration::from_secs(settings.storage.erasure_grace_s))),
        tokio::spawn(background::erase_expired(service.clone(), Duration::from_secs(settings.storage.erasure_grace_s))),
    ];
    let limits = ConnectionLimits {
        connections: server.connections.max(1),
        per_address: server.connections_per_address.max(1),
        head: Duration::from_secs(server.head_timeout_s),
        drain: server.longest_deadline() + Duration::from_secs(5),
    };
    let scheme = if tls.is_some() { "https" } else { "http" };
    let tracer = telemetry.clone().map(|telemetry| Tracer { telemetry, scheme });
    let app = app(state.clone(), settings, tracer);
    let drained = connection::serve(listener, tls, app, limits, signals).await;
    background.iter().for_each(tokio::task::JoinHandle::abort);
    let last = service.clone();
    if let Ok(Err(e)) = tokio::task::spawn_blocking(move || last.flush_cases()).await {
        tracing::error!(cause = %e, "the last cases were not written");
    }
    if drained == Drained::CutShort {
        return Err(ServeError::CutShort);
    }
    if let Some(telemetry) = telemetry {
        telemetry.metrics(meters::render(&state).await);
        let _ = tokio::task::spawn_blocking(move || telemetry.finish()).await;
    }
    service.acting_as(Actor::Service).stopped()?;
    Ok(())
}

/// What sends traces and metrics to the collector; `None` where none is given.
fn telemetry(settings: &config::Telemetry) -> std::io::Result<Option<Arc<Telemetry>>> {
    let Some(endpoint) = settings.endpoint() else { return Ok(None) };
    let variable = |name: &str| std::env::var(name).ok();
    let destination = Destination {
        endpoint: endpoint.to_owned(),
        headers: variable("OTEL_EXPORTER_OTLP_HEADERS").unwrap_or_default(),
        sample_ratio: settings.otlp_sample_ratio,
    };
    let telemetry = Telemetry::start(&destination, Resource::of(env!("CARGO_PKG_VERSION"), variable))?;
    Ok(Some(Arc::new(telemetry)))
}

/// Every route with its layers, the outermost last.
fn app(state: AppState, settings: &Settings, tracer: Option<Tracer>) -> Router {
    let (server, max_body) = (&settings.server, settings.limits.max_body_bytes());
    let deadlines = (Duration::from_secs(server.deadline_s), Duration::from_secs(server.enroll_deadline_s));
    let (api, document) = openapi::router(&state);
    let header = |name, value| SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value));
    api.merge(console::routes())
        .merge(SwaggerUi::new("/docs").url("/openapi.json", document))
        .fallback(|| async {
            Problem::new(ErrorCode::RouteUnknown, "there is nothing at this path; /openapi.json lists all routes")
        })
        .method_not_allowed_fallback(|| async {
            Problem::new(
                ErrorCode::MethodNotAllowed,
                "this path does not take this method; /openapi.json lists the methods of each route",
            )
        })
        .layer(DefaultBodyLimit::max(max_body))
        .layer(from_fn(coding::plain))
        .layer(from_fn_with_state(Budget::new(settings.limits.body_memory_bytes(), max_body), budget::within))
        .layer(RequestBodyTimeoutLayer::new(Duration::from_secs(server.head_timeout_s)))
        .layer(from_fn_with_state(deadlines, within_deadline))
        .layer(from_fn_with_state(tracer, observe))
        .layer(CatchPanicLayer::custom(|_| Problem::internal("a handler panicked").into_response()))
        .layer(header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header(header::CACHE_CONTROL, "no-store"))
        .layer(header(header::X_FRAME_OPTIONS, "DENY"))
        .layer(header(header::REFERRER_POLICY, "no-referrer"))
        .layer(TraceLayer::new_for_http())
        .layer(from_fn(numbered))
        .layer(PropagateRequestIdLayer::new(NUMBER))
        .layer(SetRequestIdLayer::new(NUMBER, MakeRequestUuid))
        .layer(from_fn(plain_number))
        .with_state(state)
}
