//! The sweep: cases and pictures that are past their time, or too many, are erased.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::audit::Actor;
use crate::service::{RecordedService, ServiceError};

/// How far the system's clock may run apart from the monotonic one between two sweeps.
const DRIFT: Duration = Duration::from_mins(1);

/// Sweeps cases, except after a clock that jumped: a machine that wakes up in the year 2040 and is corrected a minute
/// later must not erase everything.
#[derive(Default)]
pub struct CaseSweep {
    last: Option<(Timestamp, Instant)>,
}

impl CaseSweep {
    /// Erases what is due, unless the clock has jumped since the last call. The first call only looks at the clock.
    ///
    /// # Errors
    /// When the store fails, or it cannot be recorded.
    pub fn sweep(&mut self, service: &RecordedService) -> Result<(), ServiceError> {
        let now = Timestamp::now();
        if self.is_steady(now, Instant::now()) {
            service.acting_as(Actor::Service).sweep_cases(now)?;
        }
        Ok(())
    }

    /// Whether as much time has passed by both clocks since the last call.
    fn is_steady(&mut self, now: Timestamp, moment: Instant) -> bool {
        let Some((then, before)) = self.last.replace((now, moment)) else { return false };
        let Ok(passed) = Duration::try_from(now.duration_since(then)) else { return false };
        passed.abs_diff(moment.saturating_duration_since(before)) <= DRIFT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_due_after_a_clock_that_jumped() {
        let (mut sweep, start) = (CaseSweep::default(), Instant::now());
        let mut at = |minutes: u64, clock: i64| {
            sweep.is_steady(Timestamp::new(clock * 60, 0).unwrap(), start + Duration::from_secs(60 * minutes))
        };
        assert!(!at(0, 1000) && at(10, 1010));
        assert!(!at(20, 9_000_000), "it jumped");
        assert!(!at(30, 1030), "it was put right");
        assert!(at(40, 1040));
        assert!(!at(50, 9_000_000) && at(60, 9_000_010), "it stays there");
    }
}
