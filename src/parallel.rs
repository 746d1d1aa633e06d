//! Work spread over threads: each takes the next item when it is done with one.

use std::array::from_fn;
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;

/// The number of threads that can run at a time.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, Into::into)
}

/// Runs `work` for every item on at most `threads` threads (at least one), which start the items in order. `take` gets
/// the index and the result of each on the calling thread, in the order in which they finish.
///
/// # Errors
/// The first error of `take`. Items that are not started by then are left out, and results that follow are dropped.
///
/// # Panics
/// When `work` does, once the other threads have ended.
pub fn for_each<I: Sync, O: Send, E>(
    items: &[I],
    threads: usize,
    work: impl Fn(&I) -> O + Sync,
    mut take: impl FnMut(usize, O) -> Result<(), E>,
) -> Result<(), E> {
    let (next, work) = (&AtomicUsize::new(0), &work);
    // Without a buffer: no thread runs ahead of a slow `take`.
    let (sender, results) = sync_channel(0);
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, items.len().max(1)) {
            let sender = sender.clone();
            scope.spawn(move || {
                loop {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(i) else { return };
                    // Nobody receives after an error.
                    if sender.send((i, work(item))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        results.into_iter().try_for_each(|(i, result)| take(i, result))
    })
}

/// The results of `work` for every item, in the order of the items, on at most `threads` threads.
///
/// # Panics
/// When `work` does.
pub fn map<I: Sync, O: Send, const N: usize>(items: &[I; N], threads: usize, work: impl Fn(&I) -> O + Sync) -> [O; N] {
    let mut results = [const { None }; N];
    let Ok(()) = for_each(items, threads, &work, |i, result| {
        results[i] = Some(result);
        Ok::<_, Infallible>(())
    });
    from_fn(|i| results[i].take().unwrap_or_else(|| work(&items[i])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    #[test]
    fn every_item_is_done_once_whatever_the_threads() {
        for threads in [0, 1, 3, 100] {
            let (items, mut seen) = ((0..50).collect::<Vec<usize>>(), [0; 50]);
            for_each(
                &items,
                threads,
                |i| i * 2,
                |i, twice| {
                    seen[i] += 1;
                    if twice == 2 * i { Ok(()) } else { Err(i) }
                },
            )
            .unwrap();
            assert_eq!(seen, [1; 50]);
        }
        for_each(&[] as &[u8], 2, |_| (), |_, ()| Err(())).unwrap();
    }

    #[test]
    fn threads_work_at_the_same_time_and_results_keep_the_order() {
        // Neither would pass alone.
        let met = Barrier::new(2);
        let work = |i: &usize| {
            met.wait();
            i + 1
        };
        assert_eq!(map(&[1, 2, 3, 4], 2, work), [2, 3, 4, 5]);
    }

    #[test]
    fn an_error_ends_the_work() {
        let (items, started) = (vec![(); 1000], AtomicUsize::new(0));
        let work = |(): &()| started.fetch_add(1, Ordering::Relaxed);
        let mut taken = 0;
        let stopped = for_each(&items, 4, work, |_, _| {
            taken += 1;
            if taken == 10 { Err("enough") } else { Ok(()) }
        });
        assert_eq!((stopped, taken), (Err("enough"), 10));
        assert!(started.into_inner() <= 18);
    }
}
