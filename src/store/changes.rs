//! Following what other processes change in a store that several share.

use std::time::{Duration, Instant};

use super::StoreResult;
use crate::identity::IdentityId;

/// Tells what was changed, by this process or by another.
///
/// A store that can be followed numbers its versions. Every acknowledged change is part of one, and whoever has read
/// everything that was changed up to a version has that version.
pub trait Follower: Send + Sync {
    /// The version of the store when the follower was made.
    fn start(&self) -> u64;

    /// What was changed after the version `after`, and a moment up to which nothing is missing. Waits for a change, for
    /// `limit` at most. Connects again where the connection was lost.
    ///
    /// # Errors
    /// When the storage fails; then `limit` may not have passed.
    fn changes(&mut self, after: u64, limit: Duration) -> StoreResult<(Instant, Changes)>;
}

/// What was changed in a store after a version of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// The version that has these changes.
    pub version: u64,
    /// The identities to read again; those that are gone were erased.
    pub identities: Changed,
}

/// Identities to read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// These, each once.
    These(Vec<IdentityId>),
    /// All: what was changed after that version is no longer known.
    All,
}
