//! Connections: accepted, bounded, timed, optionally encrypted, and drained at the end.
//!
//! A client that sends slowly costs a connection and no thread. Three bounds keep such clients from starving others:
//! the number of connections, the time for a handshake and for a request's head, and the deadline of a request (its
//! body included, see `server.rs`).

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;

use super::linger::Lingering;

/// What a connection may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct ConnectionLimits {
    /// Connections at once; further ones wait to be accepted.
    pub(super) connections: usize,
    /// For a TLS handshake, for a request's head, and for a client to end what it sends once it was answered; a
    /// connection without a request is closed after it.
    pub(super) head: Duration,
    /// For what is in flight when the server is told to stop.
    pub(super) drain: Duration,
}

/// The most bytes of a request's head.
const HEAD_BYTES: usize = 32 << 10;

/// Serves `app` until `stop`, then finishes what is in flight.
pub(super) async fn run(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    app: Router,
    limits: ConnectionLimits,
    stop: impl Future<Output = ()>,
) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        let next = async {
            let place = places.clone().acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! { () = &mut stop => break, next = next => next };
        match accepted {
            Ok((stream, _)) => {
                let connection = Connection { app: app.clone(), limits, watcher: graceful.watcher(), place };
                tokio::spawn(connection.serve(stream, tls.clone()));
            }
            Err(e) => {
                // No file descriptor left, most likely: without a pause this would turn in circles.
                tracing::error!(cause = %e, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(limits.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still in flight when the time for draining was over");
    }
}

struct Connection {
    app: Router,
    limits: ConnectionLimits,
    watcher: Watcher,
    place: Option<OwnedSemaphorePermit>,
}

impl Connection {
    async fn serve(self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        // Answers are small; waiting to fill a packet only delays them.
        let _ = stream.set_nodelay(true);
        let stream = Lingering::new(stream, self.limits.head);
        let Some(tls) = tls else { return self.http(stream).await };
        match tokio::time::timeout(self.limits.head, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.http(stream).await,
            Ok(Err(e)) => tracing::debug!(cause = %e, "a TLS handshake failed"),
            Err(_) => tracing::debug!("a TLS handshake took too long"),
        }
    }

    async fn http(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let Self { app, limits, watcher, place } = self;
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(limits.head).max_buf_size(HEAD_BYTES);
        let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(app));
        if let Err(e) = watcher.watch(connection).await {
            tracing::debug!(cause = %e, "a connection ended early");
        }
        drop(place);
    }
}
