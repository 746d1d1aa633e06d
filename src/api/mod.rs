//! HTTP: the contract, version 1. Handlers are thin: extract, call the service on the pool, map.

mod background;
mod connection;
mod extract;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod key_cache;
mod middleware;
mod openapi;
mod problem;
mod routes;
mod server;
mod state;

pub use connection::tls::{TlsError, TlsFiles};
pub use openapi::document as openapi_document;
pub use problem::Problem;
pub use server::{Listening, ServeError, serve};
