//! The HTTP API, version 1. Handlers are thin: they extract, call the service on the pool, and map the outcome.
//!
//! It has three parts. `connection` takes a socket to a request: accepting, TLS, limits per address, an orderly end.
//! `middleware` is what a request passes before its route: authentication, the memory budget for bodies, the deadline,
//! metrics. `routes` has a file per resource, with the resource's handlers and its shapes in JSON.
//!
//! `meters` is what the server counts and measures, `trace` what a request leaves for an OpenTelemetry collector.
//! `server` puts the three together and runs what `background` lists; `openapi` says which route needs which scope;
//! `extract` parses requests; `problem` is the form of every refusal.

mod background;
mod connection;
mod extract;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod key_cache;
mod meters;
mod middleware;
mod openapi;
mod problem;
mod routes;
mod server;
mod state;
mod trace;

pub use connection::{CertificateFacts, TlsError, TlsFiles};
pub use openapi::document as openapi_document;
pub use problem::Problem;
pub use server::{Listening, ServeError, serve};
