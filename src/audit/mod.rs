//! The audit log: one JSON line per verdict or administrative act, each chained to the line before.
//!
//! A line holds the actor (an API key's id), the action, the identity's pseudonym, versions and thresholds, and the
//! SHA-256 of the image; never pixels, templates or names. `docs/audit.md` says what the chain proves and what it
//! cannot.

mod chain;
mod event;
mod head;
mod log;
#[cfg(test)]
mod tests;

pub use chain::{Finding, Report, verify};
pub use event::{Actor, Author, Event, VerifyRecord};
pub use head::{Head, HeadError};
pub use log::{AuditError, AuditLog, Newest, files, newest};
