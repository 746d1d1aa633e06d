//! The routes, a file per resource: its handlers, and its shapes in JSON.

pub(super) mod case_pictures;
pub(super) mod case_reports;
pub(super) mod cases;
pub(super) mod console;
pub(super) mod health;
pub(super) mod identities;
pub(super) mod metrics;
pub(super) mod negatives;
pub(super) mod probe;
pub(super) mod receipts;
pub(super) mod references;
mod samples;
pub(super) mod verify;
