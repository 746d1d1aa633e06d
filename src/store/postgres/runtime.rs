//! The thread that serves the connections of a store, and waiting for it.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// A runtime with one thread, which ends when this is dropped.
#[derive(Debug)]
pub(super) struct Runtime {
    handle: Handle,
    _stop: oneshot::Sender<()>,
}

impl Runtime {
    pub(super) fn start() -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        thread::Builder::new().name("store".to_owned()).spawn(move || {
            // An error says that the sender is gone.
            let _ = runtime.block_on(stopped);
        })?;
        Ok(Self { handle, _stop: stop })
    }

    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Runs `work` on this thread to its end, with the timers and sockets of the store's thread. Unlike
    /// [`Handle::block_on`] it does not panic on a thread of another runtime.
    pub(super) fn wait<F: Future>(&self, work: F) -> F::Output {
        let _within = self.handle.enter();
        let mut work = pin!(work);
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        loop {
            match work.as_mut().poll(&mut context) {
                Poll::Ready(done) => return done,
                Poll::Pending => thread::park(),
            }
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn threads_of_another_runtime_can_wait() {
        let runtime = Runtime::start().unwrap();
        let wait = |n: u64| {
            runtime.wait(async move {
                let timed_out = tokio::time::timeout(Duration::from_millis(5), std::future::pending::<()>()).await;
                let spawned = tokio::spawn(async move { n + 1 }).await;
                (timed_out.is_err(), spawned.unwrap())
            })
        };
        assert_eq!(wait(1), (true, 2));
        let other = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        assert_eq!(other.block_on(async { wait(2) }), (true, 3));
        other.block_on(async move { drop(runtime) });
    }
}
