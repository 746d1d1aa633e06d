//! A second thread for a request while one is idle.
//!
//! The networks that read a face do not depend on each other. While a thread is idle, those that produce no embedding
//! run on another thread, and the answer comes sooner. While every thread has a request of its own, and where there is
//! only one, all run one after the other. The answer is the same.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

use super::{spans, timing};

/// Threads that help the threads with a request.
#[derive(Default)]
pub(super) struct Helpers {
    /// `None` where requests have one thread.
    pool: Option<ThreadPool>,
    /// The most threads that may be at work, helpers included.
    most: usize,
    /// The threads at work.
    busy: AtomicUsize,
}

/// A thread at work; dropping it marks the thread as idle.
pub(super) struct Busy<'a>(&'a AtomicUsize);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Helpers {
    /// Helpers for requests that run on `threads` threads.
    ///
    /// # Errors
    /// When the system cannot start a thread.
    pub(super) fn start(threads: usize) -> Result<Self, ThreadPoolBuildError> {
        let count = threads.saturating_sub(1);
        let builder = ThreadPoolBuilder::new().num_threads(count).thread_name(|i| format!("helper-{i}"));
        let pool = if count > 0 { Some(builder.build()?) } else { None };
        Ok(Self { pool, most: threads, busy: AtomicUsize::new(0) })
    }

    /// Marks the calling thread as at work on a request.
    pub(super) fn occupy(&self) -> Busy<'_> {
        self.busy.fetch_add(1, Ordering::Relaxed);
        Busy(&self.busy)
    }

    /// A thread that is idle, marked as at work; `None` where there is none.
    fn lend(&self) -> Option<(&ThreadPool, Busy<'_>)> {
        let pool = self.pool.as_ref()?;
        let one_more = |busy| (busy < self.most).then_some(busy + 1);
        self.busy.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).ok()?;
        Some((pool, Busy(&self.busy)))
    }

    /// Runs both, in parallel where a thread is idle. The stages of the second count towards the caller's timings.
    pub(super) fn join<A, B: Send>(&self, first: impl FnOnce() -> A, second: impl Fn() -> B + Sync) -> (A, B) {
        let (mut aside, record) = (None, spans::recording());
        let done = match self.lend() {
            Some((pool, _busy)) => pool.in_place_scope(|scope| {
                scope.spawn(|_| aside = Some(timing::aside(record, &second)));
                first()
            }),
            None => first(),
        };
        (done, aside.map_or_else(&second, timing::together))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    #[test]
    fn both_run_in_parallel_where_a_thread_is_idle() {
        let helpers = Helpers::start(2).unwrap();
        let _request = helpers.occupy();
        // Neither would ever pass if they ran one after the other.
        let met = Barrier::new(2);
        let meet = || {
            met.wait();
            thread::current().id()
        };
        let (here, there) = helpers.join(meet, meet);
        assert_eq!(here, thread::current().id());
        assert_ne!(here, there);
        assert_eq!(helpers.busy.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn one_runs_after_the_other_where_none_is() {
        let alone = Helpers::start(1).unwrap();
        let full = Helpers::start(2).unwrap();
        let _requests = [full.occupy(), full.occupy()];
        for helpers in [alone, Helpers::default()].iter().chain([&full]) {
            let (here, there) = helpers.join(|| thread::current().id(), || thread::current().id());
            assert_eq!((here, there), (thread::current().id(), thread::current().id()));
        }
    }

    #[test]
    fn a_panic_of_the_helper_is_the_callers_and_leaves_the_thread_idle() {
        let helpers = Helpers::start(2).unwrap();
        let broken = || helpers.join(|| (), || panic!("a test's panic"));
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(broken)).is_err());
        assert_eq!(helpers.busy.load(Ordering::Relaxed), 0);
        assert_eq!(helpers.join(|| 1, || 2), (1, 2));
    }
}
