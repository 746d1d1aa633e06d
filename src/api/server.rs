//! The server: settings, layers, start and graceful stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::net::TcpListener;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;
use utoipa_swagger_ui::SwaggerUi;

use super::state::AppState;
use super::{Problem, console, metrics, openapi};
use crate::identity::keys::KeyRing;
use crate::identity::store::StoreError;
use crate::service::{Pool, Service};

/// How the server listens and how much it takes.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Threads for inference.
    pub threads: usize,
    /// Requests that may wait for such a thread; further ones are answered 429.
    pub queue: usize,
    /// The largest request body in bytes.
    pub max_body: usize,
    /// A request that takes longer is answered 503.
    pub deadline: Duration,
    /// Listen beyond loopback although no key is configured.
    pub allow_unauthenticated: bool,
}

impl Default for ServerSettings {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, Into::into);
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            threads,
            queue: 16 * threads,
            max_body: 64 << 20,
            deadline: Duration::from_mins(1),
            allow_unauthenticated: false,
        }
    }
}

/// Why the server did not start or did not go on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be had.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// Nobody would be asked for a key.
    #[error(
        "refusing to listen on {0} without any API key: anyone who can reach it could enroll and verify. Create one \
         (faceward keys create --name NAME --scope enroll,verify), listen on 127.0.0.1, or say --allow-unauthenticated"
    )]
    Unprotected(SocketAddr),
    /// The keys cannot be read.
    #[error("store: {0}")]
    Store(#[from] StoreError),
    /// Metrics or threads cannot be set up.
    #[error("cannot start: {0}")]
    Start(String),
}

/// Serves until the process is told to stop (SIGTERM or SIGINT); then finishes what is in flight. `on_listening` gets
/// the address that was bound and whether keys are asked for.
///
/// # Errors
/// A [`ServeError`].
pub async fn serve(
    service: Arc<Service>,
    settings: ServerSettings,
    on_listening: impl FnOnce(SocketAddr, bool),
) -> Result<(), ServeError> {
    let keys = KeyRing::new(service.store().keys()?);
    let authenticate = keys.has_usable(Timestamp::now());
    if !authenticate && !settings.listen.ip().is_loopback() && !settings.allow_unauthenticated {
        return Err(ServeError::Unprotected(settings.listen));
    }
    let start = |e: &dyn std::fmt::Display| ServeError::Start(e.to_string());
    let metrics = PrometheusBuilder::new().install_recorder().map_err(|e| start(&e))?;
    let pool = Pool::start(settings.threads, settings.queue).map_err(|e| start(&e))?;
    let state = AppState { service, pool: Arc::new(pool), keys: Arc::new(keys), authenticate, metrics };

    let address = settings.listen;
    let listen = |source| ServeError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(listen)?;
    on_listening(listener.local_addr().map_err(listen)?, authenticate);
    axum::serve(listener, app(state, &settings)).with_graceful_shutdown(told_to_stop()).await.map_err(listen)
}

/// Every route with its layers, the outermost last.
fn app(state: AppState, settings: &ServerSettings) -> Router {
    let (api, document) = openapi::router(&state);
    let request_id = HeaderName::from_static("x-request-id");
    let header = |name, value| SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value));
    api.route("/", get(console::page))
        .merge(SwaggerUi::new("/docs").url("/openapi.json", document))
        .fallback(|| async { Problem::new(StatusCode::NOT_FOUND, "route_unknown", "there is nothing at this path") })
        .method_not_allowed_fallback(|| async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this path does not take that method")
        })
        .layer(DefaultBodyLimit::max(settings.max_body))
        .layer(from_fn_with_state(settings.deadline, within_deadline))
        .layer(from_fn(metrics::observe))
        .layer(CatchPanicLayer::custom(|_| Problem::internal("a handler panicked").into_response()))
        .layer(header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header(header::CACHE_CONTROL, "no-store"))
        .layer(TraceLayer::new_for_http())
        .layer(PropagateRequestIdLayer::new(request_id.clone()))
        .layer(SetRequestIdLayer::new(request_id, MakeRequestUuid))
        .with_state(state)
}

/// Answers 503 when a request takes longer than its deadline; work that has not begun by then is never begun.
async fn within_deadline(State(deadline): State<Duration>, request: Request, next: Next) -> Response {
    tokio::time::timeout(deadline, next.run(request)).await.unwrap_or_else(|_| {
        let detail = format!("the request was not finished within {} s", deadline.as_secs());
        let mut problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "deadline_exceeded", detail);
        problem.retry_after = Some(5);
        problem.into_response()
    })
}

async fn told_to_stop() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! { () = interrupt => {}, () = terminate => {} }
    tracing::info!("stopping: finishing what is in flight");
}
