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
use crate::store::{ErasureReason, ErasureReceipt};

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
        let mut receipts = Vec::new();
        for id in self.due(expired, moment) {
            receipts.push(service.delete_identity(&id, ErasureReason::Expired)?);
            self.since.remove(&id);
        }
        Ok(receipts)
    }

    /// Those of the `expired` that have been seen so for long enough at `moment`. Who is not expired any more is
    /// forgotten.
    fn due(&mut self, expired: Vec<IdentityId>, moment: Instant) -> Vec<IdentityId> {
        self.since.retain(|id, _| expired.contains(id));
        let grace = self.grace;
        let mut seen_long = |id: &IdentityId| {
            let since = *self.since.entry(id.clone()).or_insert(moment);
            moment.saturating_duration_since(since) >= grace
        };
        expired.into_iter().filter(|id| seen_long(id)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The system's clock decides who is expired; it jumps, and the other one does not.
    #[test]
    fn a_clock_that_jumps_and_is_put_right_erases_nobody() {
        let id = |text: &str| text.parse::<IdentityId>().unwrap();
        let everybody = || vec![id("jane"), id("joe")];
        let grace = Duration::from_mins(10);
        let (mut expiry, start) = (Expiry::new(grace), Instant::now());
        let at = |minutes: u64| start + Duration::from_mins(minutes);
        // The clock says 2040: everybody is expired. A minute before the grace is over it is put right.
        assert!(expiry.due(everybody(), at(0)).is_empty() && expiry.due(everybody(), at(9)).is_empty());
        assert!(expiry.due(Vec::new(), at(9)).is_empty());
        // It jumps again: what was seen before does not count, however long ago it was.
        assert!(expiry.due(everybody(), at(60)).is_empty() && expiry.due(everybody(), at(69)).is_empty());
        // Joe is expired in truth. The clock put right once more does not stop his time.
        assert!(expiry.due(vec![id("joe")], at(69)).is_empty());
        assert_eq!(expiry.due(vec![id("joe")], at(70)), [id("joe")]);
        // A clock that runs backwards is no reason to panic.
        assert!(Expiry::new(grace).due(everybody(), start).is_empty());
    }
}
