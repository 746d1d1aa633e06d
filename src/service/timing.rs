//! The time that each stage of a verification takes.
//!
//! The stages themselves know nothing of time: the service measures around them, and puts a clock in front of each
//! network. A verification runs on one thread from start to end, so its clocks are thread-local; the time that a
//! helping thread spends on it is added.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use serde::Serialize;
use utoipa::ToSchema;

use super::spans::{self, StageSpan};
use crate::inference::{InferenceError, Network, Tensor};
use crate::models::Zoo;

/// A stage of a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Bytes to pixels.
    Decode,
    /// The detector's network.
    Detector,
    /// The mesh's network.
    Landmarks,
    /// Embedding A's network.
    EmbeddingA,
    /// Embedding B's network.
    EmbeddingB,
    /// Embedding C's network.
    EmbeddingC,
    /// Embedding D's network.
    EmbeddingD,
    /// The iris network.
    Iris,
    /// The expression's network.
    Emotion,
    /// The forensic network.
    Forensics,
    /// The image encoder.
    Encoder,
    /// The occlusion network.
    Occlusion,
    /// All other work on pixels: resizing, crops, quality, attributes.
    Measure,
    /// Evidence, decision and explanation, or the search over all identities.
    Compare,
}

impl Stage {
    const COUNT: usize = Self::Compare as usize + 1;
    const ALL: [Self; Self::COUNT] = [
        Self::Decode,
        Self::Detector,
        Self::Landmarks,
        Self::EmbeddingA,
        Self::EmbeddingB,
        Self::EmbeddingC,
        Self::EmbeddingD,
        Self::Iris,
        Self::Emotion,
        Self::Forensics,
        Self::Encoder,
        Self::Occlusion,
        Self::Measure,
        Self::Compare,
    ];

    /// The name in answers and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::Detector => "detector",
            Self::Landmarks => "landmarks",
            Self::EmbeddingA => "embedding_a",
            Self::EmbeddingB => "embedding_b",
            Self::EmbeddingC => "embedding_c",
            Self::EmbeddingD => "embedding_d",
            Self::Iris => "iris",
            Self::Emotion => "emotion",
            Self::Forensics => "forensics",
            Self::Encoder => "encoder",
            Self::Occlusion => "occlusion",
            Self::Measure => "measure",
            Self::Compare => "compare",
        }
    }
}

/// The time of one stage of one verification.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub struct StageTiming {
    /// The stage.
    pub stage: Stage,
    /// The number of runs: a network runs once per face or more often.
    pub runs: u32,
    /// All runs together.
    pub milliseconds: f32,
}

/// For each stage the number of runs and their time.
type Clocks = [(u32, Duration); Stage::COUNT];

const STOPPED: Clocks = [(0, Duration::ZERO); Stage::COUNT];

thread_local! {
    /// The stages that this thread ran.
    static CLOCKS: RefCell<Clocks> = const { RefCell::new(STOPPED) };
    /// The stages that helpers ran for it: apart, as they do not lengthen a stage of this thread.
    static ASIDE: RefCell<Clocks> = const { RefCell::new(STOPPED) };
}

/// Resets this thread's clocks.
pub(super) fn start() {
    CLOCKS.set(STOPPED);
    ASIDE.set(STOPPED);
}

/// What a helping thread did.
pub(super) struct Aside<T> {
    done: T,
    clocks: Clocks,
    spans: Vec<StageSpan>,
}

/// Runs a part of another thread's measuring on this one. `record`: whether that thread records its stages.
pub(super) fn aside<T>(record: bool, work: impl FnOnce() -> T) -> Aside<T> {
    start();
    let work = || timed(Stage::Measure, work);
    let (done, spans) = if record { spans::traced(work) } else { (work(), Vec::new()) };
    Aside { done, clocks: CLOCKS.replace(STOPPED), spans }
}

/// Adds what a helping thread did to this thread's clocks, and returns its result.
pub(super) fn together<T>(aside: Aside<T>) -> T {
    ASIDE.with_borrow_mut(|sums| add(sums, &aside.clocks));
    spans::adopt(aside.spans);
    aside.done
}

fn add(sums: &mut Clocks, clocks: &Clocks) {
    for ((runs, time), (more_runs, more_time)) in sums.iter_mut().zip(clocks) {
        *runs += more_runs;
        *time += *more_time;
    }
}

/// The timings of the stages that ran, by this thread's clocks.
pub(super) fn read() -> Vec<StageTiming> {
    let mut clocks = CLOCKS.with_borrow(|c| *c);
    ASIDE.with_borrow(|aside| add(&mut clocks, aside));
    let timing = |(stage, (runs, time)): (Stage, (u32, Duration))| StageTiming {
        stage,
        runs,
        milliseconds: time.as_secs_f32() * 1000.0,
    };
    Stage::ALL.into_iter().zip(clocks).map(timing).filter(|t| t.runs > 0).collect()
}

fn total() -> Duration {
    CLOCKS.with_borrow(|clocks| clocks.iter().map(|(_, time)| *time).sum())
}

/// Runs `work` as a part of `stage`; the time of other stages inside it counts towards those alone.
pub(super) fn timed<T>(stage: Stage, work: impl FnOnce() -> T) -> T {
    let (began, before) = (Instant::now(), total());
    let done = spans::around(stage, work);
    let own = began.elapsed().saturating_sub(total().saturating_sub(before));
    CLOCKS.with_borrow_mut(|clocks| {
        let (runs, time) = &mut clocks[stage as usize];
        *runs += 1;
        *time += own;
    });
    done
}

/// A network with a clock.
struct Timed(Stage, Box<dyn Network>);

impl Network for Timed {
    fn run(&self, input: Tensor) -> Result<Vec<Tensor>, InferenceError> {
        timed(self.0, || self.1.run(input))
    }
}

/// Puts a clock in front of every network.
pub(super) fn with_clocks(zoo: Zoo) -> Zoo {
    let timed = |stage, network| -> Box<dyn Network> { Box::new(Timed(stage, network)) };
    Zoo {
        detector: timed(Stage::Detector, zoo.detector),
        landmarks: timed(Stage::Landmarks, zoo.landmarks),
        iris: timed(Stage::Iris, zoo.iris),
        embedding_a: timed(Stage::EmbeddingA, zoo.embedding_a),
        embedding_b: timed(Stage::EmbeddingB, zoo.embedding_b),
        embedding_c: timed(Stage::EmbeddingC, zoo.embedding_c),
        embedding_d: timed(Stage::EmbeddingD, zoo.embedding_d),
        emotion: timed(Stage::Emotion, zoo.emotion),
        forensics: timed(Stage::Forensics, zoo.forensics),
        encoder: timed(Stage::Encoder, zoo.encoder),
        occlusion: timed(Stage::Occlusion, zoo.occlusion),
        probes: zoo.probes,
        engine: zoo.engine,
        version: zoo.version,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_inside_another_counts_once() {
        start();
        timed(Stage::Measure, || {
            std::thread::sleep(Duration::from_millis(5));
            timed(Stage::Iris, || std::thread::sleep(Duration::from_millis(40)));
        });
        let found = read();
        let stages: Vec<Stage> = found.iter().map(|t| t.stage).collect();
        assert_eq!(stages, [Stage::Iris, Stage::Measure]);
        assert!(found[0].milliseconds >= 40.0 && found[1].milliseconds >= 5.0);
        assert!(found[1].milliseconds < found[0].milliseconds, "{found:?}");
        start();
        assert!(read().is_empty());
    }

    #[test]
    fn stages_of_a_helper_count_and_take_nothing_from_those_beside_them() {
        let sleep = |ms| std::thread::sleep(Duration::from_millis(ms));
        start();
        timed(Stage::Compare, || {
            let other = std::thread::spawn(move || aside(false, || timed(Stage::Iris, || sleep(40))));
            sleep(20);
            together(other.join().unwrap());
        });
        let found = read();
        let stages: Vec<Stage> = found.iter().map(|t| t.stage).collect();
        assert_eq!(stages, [Stage::Iris, Stage::Measure, Stage::Compare]);
        assert!(found[0].milliseconds >= 40.0 && found[2].milliseconds >= 20.0, "{found:?}");
    }
}
