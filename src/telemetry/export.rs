//! Sending to the collector, on a thread of its own.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};
use prost::Message as _;
use rand::SeedableRng as _;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::context::{SpanId, TraceContext, TraceId};
use super::resource::{Resource, pairs};
use super::span::{Clock, Span};
use super::{prometheus, wire};

/// Spans that may wait to be sent; more are dropped.
const WAITING: usize = 4096;
/// The most spans in one request.
const BATCH: usize = 512;
/// How long spans are gathered.
const PERIOD: Duration = Duration::from_secs(2);
/// The longest that a request to the collector may take: OTLP's default.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Attempts per request, and the pause after the first, which doubles. What fails otherwise is not tried again.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(500);
/// A collector that stays away is told at most this often.
const TOLD: Duration = Duration::from_mins(1);

/// Where to send, and what.
#[derive(Clone, Debug)]
pub struct Destination {
    /// The address of the collector, such as `http://127.0.0.1:4318`; the paths of the signals are added.
    pub endpoint: String,
    /// Headers of every request, such as the key of a hosted collector: the value of `OTEL_EXPORTER_OTLP_HEADERS`.
    pub headers: String,
    /// The share of traces that begin here and are kept, 0 to 1. A caller's choice is followed.
    pub sample_ratio: f32,
}

enum Task {
    Spans(Vec<Span>),
    Metrics(String),
    End,
}

/// Takes spans and metrics for the collector.
pub struct Telemetry {
    tasks: Sender<Task>,
    thread: Mutex<Option<JoinHandle<()>>>,
    random: Mutex<Xoshiro256PlusPlus>,
    sample_ratio: f64,
    dropped: AtomicU64,
}

impl Telemetry {
    /// Starts the thread that sends.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(destination: &Destination, resource: Resource) -> std::io::Result<Self> {
        let (tasks, queue) = bounded(WAITING);
        let sample_ratio = f64::from(destination.sample_ratio);
        let sender = Exporter::new(destination, resource);
        let thread = std::thread::Builder::new().name("telemetry".into()).spawn(move || sender.run(&queue))?;
        // Numbers of traces are no secrets, but must differ between processes.
        let mut seed = [0; 8];
        getrandom::fill(&mut seed).map_err(|e| std::io::Error::other(e.to_string()))?;
        let random = Xoshiro256PlusPlus::seed_from_u64(u64::from_ne_bytes(seed));
        Ok(Self {
            tasks,
            thread: Mutex::new(Some(thread)),
            random: Mutex::new(random),
            sample_ratio,
            dropped: AtomicU64::new(0),
        })
    }

    /// The numbers of a new span under `caller`: its trace, its own, and its parent's. `None` where the trace is not
    /// kept.
    pub fn begin(&self, caller: Option<TraceContext>) -> Option<(TraceId, SpanId, Option<SpanId>)> {
        let mut random = self.random.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(caller) = caller {
            return caller.sampled.then(|| (caller.trace, SpanId::random(&mut *random), Some(caller.span)));
        }
        let trace = TraceId::random(&mut *random);
        trace.within(self.sample_ratio).then(|| (trace, SpanId::random(&mut *random), None))
    }

    /// The number of a new span within a trace.
    pub fn within(&self) -> SpanId {
        SpanId::random(&mut *self.random.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// Sends the spans of one request. They are dropped where the collector cannot keep up.
    pub fn spans(&self, spans: Vec<Span>) {
        self.send(Task::Spans(spans));
    }

    /// Sends metrics, given in the text format of Prometheus.
    pub fn metrics(&self, text: String) {
        self.send(Task::Metrics(text));
    }

    /// Sends what waits, and ends. Takes up to 20 s where the collector does not answer.
    pub fn finish(&self) {
        let thread = self.thread.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = self.tasks.send_timeout(Task::End, TIMEOUT);
            let _ = thread.join();
        }
    }

    fn send(&self, task: Task) {
        if let Err(TrySendError::Full(_)) = self.tasks.try_send(task) {
            let dropped = self.dropped.fetch_add(1, Ordering::Relaxed) + 1;
            if dropped.is_power_of_two() {
                tracing::warn!(
                    dropped,
                    "traces or metrics were dropped: the collector (--otlp-endpoint) does not keep up"
                );
            }
        }
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        self.finish();
    }
}

/// The sending side.
struct Exporter {
    agent: ureq::Agent,
    endpoint: String,
    headers: Vec<(String, String)>,
    resource: Resource,
    clock: Clock,
    told: Option<Instant>,
    attempts: u32,
}

impl Exporter {
    fn new(destination: &Destination, resource: Resource) -> Self {
        let config = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).http_status_as_error(false);
        Self {
            agent: config.build().new_agent(),
            endpoint: destination.endpoint.trim_end_matches('/').to_owned(),
            headers: pairs(&destination.headers),
            resource,
            clock: Clock::now(),
            told: None,
            attempts: ATTEMPTS,
        }
    }

    /// Until the end is asked for, and everything is sent.
    fn run(mut self, queue: &Receiver<Task>) {
        let mut batch: Vec<Span> = Vec::new();
        let mut due = Instant::now() + PERIOD;
        loop {
            match queue.recv_deadline(due) {
                Ok(Task::Spans(spans)) => batch.extend(spans),
                Ok(Task::Metrics(text)) => self.send_metrics(&text),
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Task::End) | Err(RecvTimeoutError::Disconnected) => {
                    self.attempts = 1;
                    self.send_spans(&mut batch);
                    return;
                }
            }
            if batch.len() >= BATCH || Instant::now() >= due {
                self.send_spans(&mut batch);
                due = Instant::now() + PERIOD;
            }
        }
    }

    fn send_spans(&mut self, batch: &mut Vec<Span>) {
        while !batch.is_empty() {
            let rest = batch.split_off(batch.len().min(BATCH));
            let spans = std::mem::replace(batch, rest).into_iter().map(|span| span.message(&self.clock)).collect();
            let scope_spans = vec![wire::ScopeSpans { scope: Some(scope()), spans }];
            let resource_spans = vec![wire::ResourceSpans { resource: Some(self.resource.message()), scope_spans }];
            self.post("/v1/traces", &wire::Traces { resource_spans }.encode_to_vec());
        }
    }

    fn send_metrics(&mut self, text: &str) {
        let start = self.clock.nanos(self.clock.started());
        let metrics = prometheus::metrics(text, start, self.clock.nanos(Instant::now()));
        let scope_metrics = vec![wire::ScopeMetrics { scope: Some(scope()), metrics }];
        let resource_metrics = vec![wire::ResourceMetrics { resource: Some(self.resource.message()), scope_metrics }];
        self.post("/v1/metrics", &wire::Metrics { resource_metrics }.encode_to_vec());
    }

    /// Sends `body`, again where the collector says so or does not answer.
    fn post(&mut self, path: &str, body: &[u8]) {
        let url = format!("{}{path}", self.endpoint);
        let mut pause = PAUSE;
        for attempt in 1..=self.attempts {
            let request = self.agent.post(&url).header("content-type", "application/x-protobuf");
            let request = self.headers.iter().fold(request, |request, (key, value)| request.header(key, value));
            let cause = match request.send(body) {
                Ok(answer) if answer.status().is_success() => return,
                Ok(answer) if [429, 502, 503, 504].contains(&answer.status().as_u16()) => answer.status().to_string(),
                Ok(answer) => return self.tell(&url, &answer.status().to_string()),
                Err(e) => e.to_string(),
            };
            if attempt == self.attempts {
                return self.tell(&url, &cause);
            }
            std::thread::sleep(pause);
            pause *= 2;
        }
    }

    fn tell(&mut self, url: &str, cause: &str) {
        if self.told.is_none_or(|told| told.elapsed() >= TOLD) {
            self.told = Some(Instant::now());
            tracing::warn!(url, cause, "the collector did not take traces or metrics: check --otlp-endpoint");
        }
    }
}

fn scope() -> wire::Scope {
    wire::Scope { name: "faceward".into(), version: env!("CARGO_PKG_VERSION").into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn telemetry(sample_ratio: f32) -> Telemetry {
        let destination = Destination { endpoint: "http://127.0.0.1:9".into(), headers: String::new(), sample_ratio };
        Telemetry::start(&destination, Resource::of("1", |_| None)).unwrap()
    }

    #[test]
    fn a_callers_choice_is_followed_and_others_are_sampled() {
        let none = telemetry(0.0);
        let caller = TraceContext { trace: TraceId([7; 16]), span: SpanId([8; 8]), sampled: true };
        let (trace, own, parent) = none.begin(Some(caller)).unwrap();
        assert_eq!((trace, parent), (caller.trace, Some(caller.span)));
        assert_ne!(own, caller.span);
        assert!(none.begin(Some(TraceContext { sampled: false, ..caller })).is_none());
        assert!(none.begin(None).is_none());
        assert!(telemetry(1.0).begin(None).is_some_and(|(_, _, parent)| parent.is_none()));
    }
}
