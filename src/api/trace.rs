//! The trace of a request: a span for the request itself, by the conventions of OpenTelemetry for HTTP servers, and one
//! for each stage of the work that it led to.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::http::HeaderMap;

use crate::service::StageSpan;
use crate::telemetry::{Kind, Span, SpanId, Telemetry, TraceContext, TraceId, Value};

tokio::task_local! {
    /// The request that the present task answers, if it is traced.
    static CURRENT: Arc<Traced>;
}

/// Where the traces of a server go.
#[derive(Clone)]
pub(super) struct Tracer {
    pub(super) telemetry: Arc<Telemetry>,
    /// `http` or `https`, as the server listens.
    pub(super) scheme: &'static str,
}

/// A request that is traced.
pub(super) struct Traced {
    telemetry: Arc<Telemetry>,
    scheme: &'static str,
    trace: TraceId,
    id: SpanId,
    parent: Option<SpanId>,
    began: Instant,
    parts: Mutex<Vec<Span>>,
}

/// What is known of a request when it is answered.
pub(super) struct Answered<'a> {
    pub(super) method: &'static str,
    /// The pattern of the route: the path may hold the id of an identity, and is not told.
    pub(super) route: &'a str,
    pub(super) status: u16,
    pub(super) number: &'a str,
    pub(super) verdict: Option<&'static str>,
    pub(super) code: Option<&'static str>,
}

impl Traced {
    /// A request with these headers; `None` where its trace is not kept.
    pub(super) fn begin(tracer: Tracer, headers: &HeaderMap) -> Option<Arc<Self>> {
        let Tracer { telemetry, scheme } = tracer;
        let caller = headers.get("traceparent").and_then(|value| TraceContext::parse(value.to_str().ok()?));
        let (trace, id, parent) = telemetry.begin(caller)?;
        Some(Arc::new(Self { telemetry, scheme, trace, id, parent, began: Instant::now(), parts: Mutex::default() }))
    }

    /// The number of the trace, for the log.
    pub(super) fn trace(&self) -> TraceId {
        self.trace
    }

    /// Runs `answer` as the answer to this request.
    pub(super) async fn scope<T>(self: &Arc<Self>, answer: impl Future<Output = T>) -> T {
        CURRENT.scope(self.clone(), answer).await
    }

    /// Adds the work of an inference thread: how long it waited, and its stages.
    pub(super) fn worked(&self, submitted: Instant, began: Instant, stages: &[StageSpan]) {
        let ids: Vec<SpanId> = stages.iter().map(|_| self.telemetry.within()).collect();
        let part = |name: &str, id, parent, began, ended| Span {
            trace: self.trace,
            id,
            parent: Some(parent),
            name: name.to_owned(),
            kind: Kind::Internal,
            began,
            ended,
            attributes: Vec::new(),
            failed: false,
        };
        let waited = part("queue", self.telemetry.within(), self.id, submitted, began);
        let stages = stages.iter().zip(&ids).map(|(stage, id)| {
            let parent = stage.within.and_then(|at| ids.get(at)).unwrap_or(&self.id);
            part(stage.stage.name(), *id, *parent, stage.began, stage.ended)
        });
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.push(waited);
        parts.extend(stages);
    }

    /// Ends the request and sends its spans.
    pub(super) fn end(&self, answered: &Answered<'_>) {
        let Answered { method, route, status, number, verdict, code } = answered;
        let failed = *status >= 500;
        let mut attributes = vec![
            ("http.request.method", Value::from(if *method == "other" { "_OTHER" } else { *method })),
            ("http.route", (*route).into()),
            ("http.response.status_code", i64::from(*status).into()),
            ("url.scheme", self.scheme.into()),
            ("faceward.request_id", (*number).into()),
        ];
        attributes.extend(verdict.map(|verdict| ("faceward.verdict", verdict.into())));
        attributes.extend(code.map(|code| ("faceward.code", code.into())));
        if failed {
            attributes.push(("error.type", Value::Text(code.map_or_else(|| status.to_string(), str::to_owned))));
        }
        let own = Span {
            trace: self.trace,
            id: self.id,
            parent: self.parent,
            name: if *method == "other" { format!("HTTP {route}") } else { format!("{method} {route}") },
            kind: Kind::Server,
            began: self.began,
            ended: Instant::now(),
            attributes,
            failed,
        };
        let mut spans = std::mem::take(&mut *self.parts.lock().unwrap_or_else(PoisonError::into_inner));
        spans.push(own);
        self.telemetry.spans(spans);
    }
}

/// The request that the present task answers, if it is traced.
pub(super) fn current() -> Option<Arc<Traced>> {
    CURRENT.try_with(Arc::clone).ok()
}
