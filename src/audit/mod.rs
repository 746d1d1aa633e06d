//! The audit log: one JSON line a decision or administrative act, each chained to the one before.
//!
//! A line holds who (an API key's id), what, about whom (a pseudonym), by which versions and thresholds, and the SHA-256
//! of the image; never pixels, templates or names. What the chain proves, and what it cannot, is in `docs/audit.md`.

mod chain;
mod event;
mod head;
mod log;
#[cfg(test)]
mod tests;

pub use chain::{Finding, Report, verify};
pub use event::{Actor, Event, VerifyRecord};
pub use head::{Head, HeadError};
pub use log::{AuditError, AuditLog, files};
