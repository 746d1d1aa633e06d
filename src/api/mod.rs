//! HTTP: the contract, version 1. Handlers are thin: extract, call the service on the pool, map.

mod auth;
mod console;
mod extract;
mod health;
mod identities;
mod metrics;
mod openapi;
mod problem;
mod samples;
mod server;
mod state;
mod verify;

pub use openapi::document as openapi_document;
pub use problem::Problem;
pub use server::{ServeError, ServerSettings, serve};
