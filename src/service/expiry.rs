//! Expired identities: they stop matching immediately, and are erased after a grace period.
//!
//! The grace period guards against a clock that jumps: a machine that wakes up in the year 2040 and is corrected a
//! minute later must not erase everybody. It is measured by a monotonic clock, which cannot be set.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::{RecordedService, ServiceError};
use crate::audit::Actor;
use crate::identity::IdentityId;
use crate::store::ErasureReason;

/// Finds and erases expired identities; call [`Expiry::sweep`] several times per grace period.
pub struct Expiry {
    grace: Duration,
    /// When each was first seen expired.
    since: HashMap<IdentityId, Instant>,
}

impl Expiry {
    /// Erases identities that have been seen expired for `grace`.
    pub fn new(grace: Duration) -> Self {
        Self { grace, since: HashMap::new() }
    }

    /// Erases what is due. An erasure that cannot be recorded is logged, as there is no caller to refuse an answer to.
    ///
    /// # Errors
    /// A failing store; what was erased before stays erased, and the next sweep tries the rest again.
    pub fn sweep(&mut self, service: &RecordedService) -> Result<(), ServiceError> {
        let (now, moment) = (Timestamp::now(), Instant::now());
        let expired: Vec<IdentityId> = service
            .identities(None, usize::MAX)?
            .iter()
            .filter(|e| e.has_expired(now))
            .map(|e| e.record.id.clone())
            .collect();
        let clock = service.acting_as(Actor::Service);
        for id in self.due(expired, moment) {
            match clock.erase_identity(&id, ErasureReason::Expired) {
                Err(ServiceError::Audit(e)) => tracing::error!(cause = %e, "an erasure was not recorded"),
                // Another server was first.
                Err(ServiceError::UnknownIdentity(_)) => {}
                done => drop(done?),
            }
            self.since.remove(&id);
        }
        Ok(())
    }

    /// The `expired` identities whose grace period is over at `moment`. Those that are no longer expired are forgotten.
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

    /// The system's clock, which decides who is expired, can jump; the monotonic clock cannot.
    #[test]
    fn a_clock_that_jumps_and_is_put_right_erases_nobody() {
        let id = |text: &str| text.parse::<IdentityId>().unwrap();
        let everybody = || vec![id("jane"), id("joe")];
        let grace = Duration::from_mins(10);
        let (mut expiry, start) = (Expiry::new(grace), Instant::now());
        let at = |minutes: u64| start + Duration::from_mins(minutes);
        // The clock says 2040: everybody is expired. A minute before the grace period ends it is corrected.
        assert!(expiry.due(everybody(), at(0)).is_empty() && expiry.due(everybody(), at(9)).is_empty());
        assert!(expiry.due(Vec::new(), at(9)).is_empty());
        // It jumps again: the grace period starts again.
        assert!(expiry.due(everybody(), at(60)).is_empty() && expiry.due(everybody(), at(69)).is_empty());
        // Joe really is expired. Correcting the clock does not restart his grace period.
        assert!(expiry.due(vec![id("joe")], at(69)).is_empty());
        assert_eq!(expiry.due(vec![id("joe")], at(70)), [id("joe")]);
        // A clock that runs backwards is no reason to panic.
        assert!(Expiry::new(grace).due(everybody(), start).is_empty());
    }
}
