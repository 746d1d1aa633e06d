//! A second thread for a request while one has nothing to do.
//!
//! What is known of a face comes from networks that do not need each other. Where a request has the machine to itself,
//! half of them run on another thread, and the answer comes sooner. Where every thread has a request of its own this
//! would only cost: then, and with one thread, they run one after the other. The answer is the same.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

use super::timing;

/// Threads that help those with a request.
#[derive(Default)]
pub(super) struct Spare {
    /// `None` where requests have one thread.
    helpers: Option<ThreadPool>,
    /// So many threads may be at work, helping ones among them.
    most: usize,
    /// So many are.
    busy: AtomicUsize,
}

/// One thread at work, until it is dropped.
pub(super) struct Busy<'a>(&'a AtomicUsize);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Spare {
    /// Helpers for requests that run on `threads` threads.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(threads: usize) -> Result<Self, ThreadPoolBuildError> {
        let helpers = threads.saturating_sub(1);
        let builder = ThreadPoolBuilder::new().num_threads(helpers).thread_name(|i| format!("helper-{i}"));
        let helpers = if helpers > 0 { Some(builder.build()?) } else { None };
        Ok(Self { helpers, most: threads, busy: AtomicUsize::new(0) })
    }

    /// The calling thread has a request.
    pub(super) fn occupied(&self) -> Busy<'_> {
        self.busy.fetch_add(1, Ordering::Relaxed);
        Busy(&self.busy)
    }

    /// A thread that has nothing to do.
    fn lend(&self) -> Option<(&ThreadPool, Busy<'_>)> {
        let helpers = self.helpers.as_ref()?;
        let one_more = |busy| (busy < self.most).then_some(busy + 1);
        self.busy.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).ok()?;
        Some((helpers, Busy(&self.busy)))
    }

    /// Does both, at once where a thread has nothing to do. What the second takes of each stage counts as the caller's.
    pub(super) fn both<A, B: Send>(&self, first: impl FnOnce() -> A, second: impl Fn() -> B + Sync) -> (A, B) {
        let mut aside = None;
        let done = match self.lend() {
            Some((helpers, _busy)) => helpers.in_place_scope(|scope| {
                scope.spawn(|_| aside = Some(timing::aside(&second)));
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
    fn both_run_at_once_where_a_thread_is_free() {
        let spare = Spare::start(2).unwrap();
        let _request = spare.occupied();
        // Neither would ever pass if they ran one after the other.
        let met = Barrier::new(2);
        let meet = || {
            met.wait();
            thread::current().id()
        };
        let (here, there) = spare.both(meet, meet);
        assert_eq!(here, thread::current().id());
        assert_ne!(here, there);
        assert_eq!(spare.busy.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn one_runs_after_the_other_where_none_is() {
        let alone = Spare::start(1).unwrap();
        let full = Spare::start(2).unwrap();
        let _requests = [full.occupied(), full.occupied()];
        for spare in [alone, Spare::default()].iter().chain([&full]) {
            let (here, there) = spare.both(|| thread::current().id(), || thread::current().id());
            assert_eq!((here, there), (thread::current().id(), thread::current().id()));
        }
    }

    #[test]
    fn a_panic_aside_is_the_callers_and_leaves_the_thread_free() {
        let spare = Spare::start(2).unwrap();
        let broken = || spare.both(|| (), || panic!("a test's panic"));
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(broken)).is_err());
        assert_eq!(spare.busy.load(Ordering::Relaxed), 0);
        assert_eq!(spare.both(|| 1, || 2), (1, 2));
    }
}
