//! Identities whose time is over: they stop matching at once, and are erased soon after.
//!
//! Not at once, because a clock can jump: a machine that wakes up in the year 2040 and is put right a minute later must
//! not have erased everybody meanwhile. So an identity is erased when it has been seen expired for a while, and that
//! while is measured by a clock that cannot be set.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::{Service, ServiceError};
use crate::identity::IdentityId;
use crate::identity::store::{ErasureReason, ErasureReceipt};

/// Finds and erases them; ask it about once a minute.
pub struct Expiry {
    grace: Duration,
    /// Since when each has been seen expired.
    since: HashMap<IdentityId, Instant>,
}

impl Expiry {
    /// Erases what has been expired for `grace`.
    pub fn new(grace: Duration) -> Self {
        Self { grace, since: HashMap::new() }
    }

    /// Erases what is due and returns the receipts.
    ///
    /// # Errors
    /// A failing store; what was erased before it failed is erased, and the rest is tried again the next time.
    pub fn sweep(&mut self, service: &Service) -> Result<Vec<ErasureReceipt>, ServiceError> {
        let (now, moment) = (Timestamp::now(), Instant::now());
        let expired: Vec<IdentityId> = service
            .identities(None, usize::MAX)?
            .iter()
            .filter(|e| e.has_expired(now))
            .map(|e| e.record.id.clone())
            .collect();
        self.since.retain(|id, _| expired.contains(id));
        let mut receipts = Vec::new();
        for id in expired {
            let since = *self.since.entry(id.clone()).or_insert(moment);
            if moment.duration_since(since) >= self.grace {
                receipts.push(service.delete_identity(&id, ErasureReason::Expired)?);
                self.since.remove(&id);
            }
        }
        Ok(receipts)
    }
}
