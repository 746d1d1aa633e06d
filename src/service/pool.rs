//! Admission control: a bounded queue in front of dedicated threads.
//!
//! Inference is bound by the processor, so it never runs on the asynchronous runtime. When the queue is full a request
//! is refused immediately: a caller that is told when to come back is better off than one that waits without end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Sender, TrySendError, bounded};

type Job = Box<dyn FnOnce() + Send>;

/// The queue is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the queue is full: try again in {} s", retry_after.as_secs())]
pub struct Overloaded {
    /// How long to wait before the next attempt.
    pub retry_after: Duration,
}

/// Threads that run jobs in the order of arrival.
pub struct Pool {
    jobs: Option<Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
    /// Threads that are running a job.
    busy: Arc<AtomicUsize>,
}

impl Pool {
    /// Starts `threads` threads behind a queue of `queue` jobs.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(threads: usize, queue: usize) -> std::io::Result<Self> {
        let (sender, receiver) = bounded::<Job>(queue.max(1));
        let busy = Arc::new(AtomicUsize::new(0));
        let threads = (0..threads.max(1))
            .map(|i| {
                let (receiver, busy) = (receiver.clone(), busy.clone());
                Builder::new().name(format!("inference-{i}")).spawn(move || {
                    for job in receiver {
                        busy.fetch_add(1, Ordering::Relaxed);
                        // A job that panics must not take the thread with it; its caller sees the dropped answer.
                        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
                        busy.fetch_sub(1, Ordering::Relaxed);
                    }
                })
            })
            .collect::<std::io::Result<_>>()?;
        Ok(Self { jobs: Some(sender), threads, busy })
    }

    /// Runs `work` on a thread of the pool; the answer comes through the channel. A closed channel means that the work
    /// panicked.
    ///
    /// # Errors
    /// [`Overloaded`] when the queue is full.
    pub fn submit<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<tokio::sync::oneshot::Receiver<T>, Overloaded> {
        let (answer, receiver) = tokio::sync::oneshot::channel();
        let job: Job = Box::new(move || {
            // Nothing is done for a caller that has gone away.
            if !answer.is_closed() {
                let _ = answer.send(work());
            }
        });
        let overloaded = Overloaded { retry_after: Duration::from_secs(1) };
        match self.jobs.as_ref().map(|jobs| jobs.try_send(job)) {
            Some(Ok(())) => Ok(receiver),
            Some(Err(TrySendError::Full(_) | TrySendError::Disconnected(_))) | None => Err(overloaded),
        }
    }

    /// Threads that are running a job.
    pub fn busy(&self) -> usize {
        self.busy.load(Ordering::Relaxed)
    }

    /// Jobs waiting for a thread.
    pub fn waiting(&self) -> usize {
        self.jobs.as_ref().map_or(0, Sender::len)
    }
}

impl Drop for Pool {
    /// Finishes what was admitted.
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_refuses_and_admitted_work_is_finished() {
        let pool = Pool::start(1, 1).unwrap();
        let (release, gate) = std::sync::mpsc::channel::<()>();
        let first = pool.submit(move || gate.recv().is_ok()).unwrap();
        while pool.busy() == 0 {
            std::thread::yield_now();
        }
        assert_eq!((pool.busy(), pool.waiting()), (1, 0));
        let second = pool.submit(|| 2).unwrap();
        assert!(pool.submit(|| 3).is_err());
        release.send(()).unwrap();
        drop(pool);
        assert_eq!(first.blocking_recv(), Ok(true));
        assert_eq!(second.blocking_recv(), Ok(2));
    }

    /// A deadline or a client that hangs up leaves such work in the queue.
    #[test]
    fn work_without_a_waiting_caller_is_not_begun() {
        let pool = Pool::start(1, 4).unwrap();
        let (release, gate) = std::sync::mpsc::channel::<()>();
        let first = pool.submit(move || gate.recv().is_ok()).unwrap();
        let (told, begun) = std::sync::mpsc::channel();
        let given_up = pool.submit(move || told.send(())).unwrap();
        drop(given_up);
        release.send(()).unwrap();
        drop(pool);
        assert_eq!(first.blocking_recv(), Ok(true));
        assert!(begun.recv().is_err(), "it was begun");
    }

    #[test]
    fn a_panic_costs_one_answer_only() {
        let pool = Pool::start(1, 4).unwrap();
        let broken = pool.submit(|| -> u8 { panic!("a test's panic") }).unwrap();
        let whole = pool.submit(|| 7).unwrap();
        assert!(broken.blocking_recv().is_err());
        assert_eq!(whole.blocking_recv(), Ok(7));
    }
}
