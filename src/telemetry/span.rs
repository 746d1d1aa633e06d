//! What took how long: a request, or a stage of one.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::context::{SpanId, TraceId};
use super::wire;

/// The side of a call that a span is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Within the process.
    Internal,
    /// An answer to a caller.
    Server,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A whole number.
    Number(i64),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

/// A span that has ended.
#[derive(Clone, Debug)]
pub struct Span {
    /// Its trace.
    pub trace: TraceId,
    /// Its number.
    pub id: SpanId,
    /// The span that it is a part of.
    pub parent: Option<SpanId>,
    /// Its name, of which there are few.
    pub name: String,
    /// The side of a call that it is.
    pub kind: Kind,
    /// When it began.
    pub began: Instant,
    /// When it ended.
    pub ended: Instant,
    /// What is known of it, by the names of OpenTelemetry's semantic conventions.
    pub attributes: Vec<(&'static str, Value)>,
    /// Whether it failed by a fault of this service.
    pub failed: bool,
}

impl Span {
    pub(super) fn message(self, clock: &Clock) -> wire::Span {
        let attributes = self.attributes.into_iter().map(|(key, value)| attribute(key, value)).collect();
        wire::Span {
            trace_id: self.trace.0.to_vec(),
            span_id: self.id.0.to_vec(),
            parent_span_id: self.parent.map_or_else(Vec::new, |parent| parent.0.to_vec()),
            name: self.name,
            kind: match self.kind {
                Kind::Internal => wire::KIND_INTERNAL,
                Kind::Server => wire::KIND_SERVER,
            },
            start_time_unix_nano: clock.nanos(self.began),
            end_time_unix_nano: clock.nanos(self.ended),
            attributes,
            status: self.failed.then_some(wire::Status { code: wire::STATUS_ERROR }),
        }
    }
}

/// The message of an attribute.
pub(super) fn attribute(key: &str, value: Value) -> wire::KeyValue {
    let value = match value {
        Value::Text(text) => wire::AnyKind::String(text),
        Value::Number(number) => wire::AnyKind::Int(number),
    };
    wire::KeyValue { key: key.to_owned(), value: Some(wire::AnyValue { value: Some(value) }) }
}

/// The time of day for moments of the monotonic clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    moment: Instant,
    time: SystemTime,
}

impl Clock {
    /// As the two clocks stand now.
    pub(super) fn now() -> Self {
        Self { moment: Instant::now(), time: SystemTime::now() }
    }

    /// The moment at which the clock was read: when the process began to count.
    pub(super) fn started(&self) -> Instant {
        self.moment
    }

    /// Nanoseconds since 1970.
    pub(super) fn nanos(&self, moment: Instant) -> u64 {
        let since = self.time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let before = self.moment.saturating_duration_since(moment);
        let after = moment.saturating_duration_since(self.moment);
        (since + after).checked_sub(before).unwrap_or(Duration::ZERO).as_nanos() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_becomes_a_message_with_times_of_day() {
        let clock = Clock::now();
        let began = clock.moment;
        let span = Span {
            trace: TraceId([1; 16]),
            id: SpanId([2; 8]),
            parent: None,
            name: "POST /v1/verify".into(),
            kind: Kind::Server,
            began,
            ended: began + Duration::from_millis(5),
            attributes: vec![("http.route", "/v1/verify".into()), ("http.response.status_code", 200.into())],
            failed: true,
        };
        let message = span.message(&clock);
        assert_eq!(message.end_time_unix_nano - message.start_time_unix_nano, 5_000_000);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
        assert!(now - message.start_time_unix_nano < 60_000_000_000);
        assert_eq!((message.parent_span_id.len(), message.attributes.len()), (0, 2));
        assert_eq!(message.status, Some(wire::Status { code: 2 }));
        assert_eq!(clock.nanos(began.checked_sub(Duration::from_secs(1)).unwrap()), clock.nanos(began) - 1_000_000_000);
    }
}
