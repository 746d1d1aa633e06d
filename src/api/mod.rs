//! HTTP: the contract, version 1. Handlers are thin: extract, call the service on the pool, map.

mod addresses;
mod auth;
mod budget;
mod chores;
mod console;
mod extract;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod gate;
mod health;
mod identities;
mod images;
mod linger;
mod listener;
mod metrics;
mod openapi;
mod problem;
mod samples;
mod server;
mod signals;
mod state;
mod tls;
mod verify;

pub use openapi::document as openapi_document;
pub use problem::Problem;
pub use server::{Listening, ServeError, ServerSettings, serve};
pub use tls::{TlsError, TlsFiles};
