//! Connections: accepted, bounded, timed, optionally encrypted, and drained at the end.
//!
//! A client that sends slowly costs a connection and no thread. Four limits keep such clients from starving others: the
//! number of connections, in all and per address, the time for a handshake and for a request's head, and the deadline
//! of a request, which includes its body.

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

use super::addresses::{Addresses, Entered};
use super::linger::Lingering;
use super::signals::Signals;

/// How many connections there may be, and how long they may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConnectionLimits {
    /// Open connections in all; further ones wait to be accepted.
    pub(crate) connections: usize,
    /// Open connections per address; further ones are answered 429 and closed.
    pub(crate) per_address: usize,
    /// The time for a TLS handshake, for a request's head, and for a client to stop sending once it was answered; an
    /// idle connection is closed after it.
    pub(crate) head: Duration,
    /// The time for requests in flight once the server was told to stop.
    pub(crate) drain: Duration,
}

/// How serving ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drained {
    /// Every request in flight was finished.
    Whole,
    /// Requests were still in flight when their time was over.
    TimedOut,
    /// The server was told to stop a second time.
    CutShort,
}

/// The most bytes of a request's head.
const HEAD_BYTES: usize = 32 << 10;

/// Serves `app` until the first of `signals`, then finishes what is in flight, or leaves it at the second.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    app: Router,
    limits: ConnectionLimits,
    mut signals: Signals,
) -> Drained {
    let addresses = Addresses::new(limits.per_address);
    let places = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    loop {
        let next = async {
            let place = places.clone().acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! { () = signals.next() => break, next = next => next };
        match accepted {
            Ok((stream, peer)) => match addresses.enter(peer.ip()) {
                Some(entered) => {
                    let counts = (place, entered);
                    let connection = Connection { app: app.clone(), limits, watcher: graceful.watcher(), counts };
                    tokio::spawn(connection.serve(stream, tls.clone()));
                }
                // A TLS handshake only to refuse would cost more than the connection.
                None if tls.is_some() => drop(stream),
                None => drop(tokio::spawn(addresses.clone().refuse(stream))),
            },
            Err(e) => {
                // Most likely no file descriptor is left: without a pause this would spin.
                tracing::error!(cause = %e, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    tracing::info!("stopping: finishing what is in flight");
    let drained = tokio::select! {
        () = graceful.shutdown() => Drained::Whole,
        () = tokio::time::sleep(limits.drain) => Drained::TimedOut,
        () = signals.next() => Drained::CutShort,
    };
    if drained != Drained::Whole {
        tracing::warn!(?drained, "requests were still in flight");
    }
    drained
}

struct Connection {
    app: Router,
    limits: ConnectionLimits,
    watcher: Watcher,
    /// Its places in the limits; dropped at its end.
    counts: (Option<OwnedSemaphorePermit>, Entered),
}

impl Connection {
    async fn serve(self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        // Answers are small; waiting for a full packet only delays them.
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
        let Self { app, limits, watcher, counts } = self;
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(limits.head).max_buf_size(HEAD_BYTES);
        let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(app));
        if let Err(e) = watcher.watch(connection).await {
            tracing::debug!(cause = %e, "a connection ended early");
        }
        drop(counts);
    }
}
