//! The routes, a file per resource.

pub(crate) mod console;
pub(crate) mod health;
pub(crate) mod identities;
pub(crate) mod images;
pub(crate) mod metrics;
pub(crate) mod samples;
pub(crate) mod verify;
