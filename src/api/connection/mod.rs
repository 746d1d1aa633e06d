//! From a socket to requests: accepting, TLS, limits per address, and an orderly end.

mod addresses;
mod linger;
mod listener;
mod signals;
mod tls;

pub(super) use listener::{ConnectionLimits, Drained, serve};
pub(super) use signals::Signals;
pub use tls::{CertificateFacts, TlsError, TlsFiles};
