//! When each stage of a request ran, for traces. A request runs on one thread, so what is recorded is thread-local; what
//! a helping thread ran is added.

use std::cell::RefCell;
use std::time::Instant;

use super::timing::Stage;

/// The most spans of one request: an animation with many faces runs thousands of stages.
const MOST: usize = 512;

/// One run of a stage.
#[derive(Clone, Copy, Debug)]
pub struct StageSpan {
    /// The stage.
    pub stage: Stage,
    /// When it began.
    pub began: Instant,
    /// When it ended.
    pub ended: Instant,
    /// The run that it was a part of, by its place in the list.
    pub within: Option<usize>,
}

#[derive(Default)]
struct Record {
    spans: Vec<StageSpan>,
    open: Option<usize>,
}

thread_local! {
    /// `None` while nobody asks.
    static RECORD: RefCell<Option<Record>> = const { RefCell::new(None) };
}

/// Runs `work` on this thread, and returns with its result the runs of stages, in the order of their beginnings.
pub fn traced<T>(work: impl FnOnce() -> T) -> (T, Vec<StageSpan>) {
    RECORD.set(Some(Record::default()));
    let done = work();
    (done, RECORD.take().map(|record| record.spans).unwrap_or_default())
}

/// Whether this thread records.
pub(super) fn recording() -> bool {
    RECORD.with_borrow(Option::is_some)
}

/// Runs `work` as a run of `stage`.
pub(super) fn around<T>(stage: Stage, work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let opened = RECORD.with_borrow_mut(|record| {
        let record = record.as_mut().filter(|record| record.spans.len() < MOST)?;
        let within = record.open.replace(record.spans.len());
        record.spans.push(StageSpan { stage, began, ended: began, within });
        record.open
    });
    let done = work();
    if let Some(at) = opened {
        RECORD.with_borrow_mut(|record| {
            let Some(record) = record else { return };
            if let Some(span) = record.spans.get_mut(at) {
                span.ended = Instant::now();
                record.open = span.within;
            }
        });
    }
    done
}

/// Adds what a helping thread ran for this one, as parts of the stage that is running.
pub(super) fn adopt(spans: Vec<StageSpan>) {
    RECORD.with_borrow_mut(|record| {
        let Some(record) = record else { return };
        let (first, open) = (record.spans.len(), record.open);
        let moved = spans.into_iter().map(|span| {
            let within = span.within.map_or(open, |at| Some(first + at));
            StageSpan { within, ..span }
        });
        record.spans.extend(moved);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_nest_and_those_of_a_helper_are_adopted() {
        let work = || {
            around(Stage::Decode, || ());
            around(Stage::Measure, || {
                let ((), aside) =
                    std::thread::spawn(|| traced(|| around(Stage::Iris, || around(Stage::Emotion, || ()))))
                        .join()
                        .unwrap();
                adopt(aside);
                around(Stage::Detector, || ());
            });
            7
        };
        let (done, spans) = traced(work);
        assert_eq!(done, 7);
        let found: Vec<(Stage, Option<usize>)> = spans.iter().map(|span| (span.stage, span.within)).collect();
        let expected = [
            (Stage::Decode, None),
            (Stage::Measure, None),
            (Stage::Iris, Some(1)),
            (Stage::Emotion, Some(2)),
            (Stage::Detector, Some(1)),
        ];
        assert_eq!(found, expected);
        assert!(spans.iter().all(|span| span.ended >= span.began));
        assert!(!recording());
        around(Stage::Decode, || ());
        let ((), many) = traced(|| (0..2 * MOST).for_each(|_| around(Stage::Decode, || ())));
        assert_eq!(many.len(), MOST);
    }
}
