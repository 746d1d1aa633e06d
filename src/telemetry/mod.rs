//! Traces and metrics for an OpenTelemetry collector, over OTLP with HTTP and protobuf
//! (<https://opentelemetry.io/docs/specs/otlp/>).
//!
//! [`Telemetry`] takes spans and metrics and never waits: a thread of its own sends them, and drops them where the
//! collector cannot keep up. `wire` holds the messages, `prometheus` turns the text of `/metrics` into them. This is the
//! part of OTLP that a server needs, over libraries that are in the tree already: the SDK of OpenTelemetry would add half
//! a minute to every first build.

mod context;
mod export;
mod prometheus;
mod resource;
mod span;
mod wire;

pub use context::{SpanId, TraceContext, TraceId};
pub use export::{Destination, Telemetry};
pub use resource::Resource;
pub use span::{Kind, Span, Value};
