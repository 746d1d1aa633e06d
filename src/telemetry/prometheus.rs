//! The text of `/metrics` as messages of OTLP, so that both ways of collecting tell the same.

use std::collections::BTreeMap;

use super::span::{Value, attribute};
use super::wire::{CUMULATIVE, Data, Distribution, Gauge, Histogram, KeyValue, Metric, Number, Sum};

/// Metrics whose names and labels OpenTelemetry's semantic conventions set; others keep theirs.
const RENAMED: [(&str, &str, &str); 4] = [
    ("faceward_http_request_duration_seconds", "http.server.request.duration", "s"),
    ("faceward_http_requests_in_flight", "http.server.active_requests", "{request}"),
    ("process_cpu_seconds_total", "process.cpu.time", "s"),
    ("process_resident_memory_bytes", "process.memory.usage", "By"),
];
const LABELS: [(&str, &str); 3] =
    [("route", "http.route"), ("method", "http.request.method"), ("status", "http.response.status_code")];

/// Labels in the order of the text.
type Labels = Vec<(String, String)>;

/// One metric of the text.
#[derive(Default)]
struct Family {
    help: String,
    kind: String,
    /// The samples with the end of their names beyond the metric's, such as `_bucket`.
    samples: Vec<(String, Labels, f64)>,
}

/// The metrics in `text`, counted from `start` and as of `now`, both in nanoseconds since 1970.
pub(super) fn metrics(text: &str, start: u64, now: u64) -> Vec<Metric> {
    let mut families: Vec<(String, Family)> = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# ") {
            let mut words = rest.splitn(3, ' ');
            let (Some(what), Some(name), Some(value)) = (words.next(), words.next(), words.next()) else { continue };
            if families.last().is_none_or(|(last, _)| last != name) {
                families.push((name.to_owned(), Family::default()));
            }
            let Some((_, family)) = families.last_mut() else { continue };
            match what {
                "HELP" => value.clone_into(&mut family.help),
                "TYPE" => value.clone_into(&mut family.kind),
                _ => {}
            }
        } else if let (Some((name, family)), Some((sample, labels, value))) = (families.last_mut(), sample(line)) {
            // "Never" is infinite in the text, and some collectors take no infinity.
            if !value.is_finite() {
                continue;
            }
            let end = sample.strip_prefix(name.as_str()).unwrap_or(sample).to_owned();
            family.samples.push((end, labels, value));
        }
    }
    let told = families.into_iter().filter(|(_, family)| !family.samples.is_empty());
    told.map(|(name, family)| family.metric(&name, start, now)).collect()
}

impl Family {
    fn metric(self, name: &str, start: u64, now: u64) -> Metric {
        let renamed = RENAMED.iter().find(|(ours, ..)| *ours == name);
        let unit = match name {
            _ if name.contains("seconds") => "s",
            _ if name.ends_with("_bytes") => "By",
            _ => "1",
        };
        let (shown, unit) = renamed.map_or((name, unit), |(_, theirs, unit)| (theirs, unit));
        let number = |(_, labels, value): (String, Labels, f64), start| Number {
            start_time_unix_nano: start,
            time_unix_nano: now,
            as_double: Some(value),
            attributes: attributes(name, labels),
        };
        let data = match self.kind.as_str() {
            "counter" => Data::Sum(Sum {
                data_points: self.samples.into_iter().map(|sample| number(sample, start)).collect(),
                aggregation_temporality: CUMULATIVE,
                is_monotonic: true,
            }),
            "histogram" => Data::Histogram(Histogram {
                data_points: distributions(name, self.samples, start, now),
                aggregation_temporality: CUMULATIVE,
            }),
            // What the conventions name here are amounts that rise and fall.
            _ if renamed.is_some() => Data::Sum(Sum {
                data_points: self.samples.into_iter().map(|sample| number(sample, start)).collect(),
                aggregation_temporality: CUMULATIVE,
                is_monotonic: false,
            }),
            _ => Data::Gauge(Gauge { data_points: self.samples.into_iter().map(|sample| number(sample, 0)).collect() }),
        };
        Metric { name: shown.to_owned(), description: self.help, unit: unit.to_owned(), data: Some(data) }
    }
}

/// The histograms of one metric, one per set of labels. Prometheus cumulates buckets, OTLP does not.
fn distributions(name: &str, samples: Vec<(String, Labels, f64)>, start: u64, now: u64) -> Vec<Distribution> {
    let mut all: BTreeMap<Labels, Distribution> = BTreeMap::new();
    let mut cumulated: BTreeMap<Labels, u64> = BTreeMap::new();
    for (end, mut labels, value) in samples {
        let bound = labels.iter().position(|(key, _)| key == "le").map(|at| labels.remove(at).1);
        let point = all.entry(labels.clone()).or_insert_with(|| Distribution {
            start_time_unix_nano: start,
            time_unix_nano: now,
            attributes: attributes(name, labels.clone()),
            ..Distribution::default()
        });
        match (end.as_str(), bound.as_deref().map(str::parse::<f64>)) {
            ("_bucket", Some(Ok(bound))) => {
                let before = cumulated.insert(labels, value as u64).unwrap_or(0);
                point.bucket_counts.push((value as u64).saturating_sub(before));
                if bound.is_finite() {
                    point.explicit_bounds.push(bound);
                }
            }
            ("_sum", _) => point.sum = Some(value),
            ("_count", _) => point.count = value as u64,
            _ => {}
        }
    }
    all.into_values().collect()
}

/// The labels as attributes, under the names of the semantic conventions for requests.
fn attributes(metric: &str, labels: Labels) -> Vec<KeyValue> {
    let http = metric.starts_with("faceward_http_");
    let one = |(key, value): (String, String)| {
        let renamed = LABELS.iter().find(|(ours, _)| http && *ours == key).map(|(_, theirs)| *theirs);
        let number = value.parse::<i64>().ok().filter(|_| renamed == Some("http.response.status_code"));
        attribute(renamed.unwrap_or(&key), number.map_or_else(|| Value::Text(value), Value::Number))
    };
    labels.into_iter().map(one).collect()
}

/// The name, labels and value of a line such as `name{key="value"} 1.5`; `None` where it is none.
fn sample(line: &str) -> Option<(&str, Labels, f64)> {
    let (series, value) = line.rsplit_once(' ')?;
    let value = value.parse().ok()?;
    let Some((name, labels)) = series.split_once('{') else { return Some((series, Vec::new(), value)) };
    let mut rest = labels.strip_suffix('}')?;
    let mut found = Vec::new();
    while let Some((key, after)) = rest.split_once("=\"") {
        let (text, length) = quoted(after)?;
        found.push((key.trim_start_matches(',').to_owned(), text));
        rest = after.get(length..)?;
    }
    Some((name, found, value))
}

/// A label's value up to the quotation mark that ends it, and the bytes read with that mark.
fn quoted(text: &str) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, at + 1)),
            '\\' => match letters.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# HELP faceward_verdicts_total Images that were verified, by verdict.
# TYPE faceward_verdicts_total counter
faceward_verdicts_total{verdict=\"fake\"} 3
faceward_verdicts_total{verdict=\"real\"} 0

# TYPE faceward_ready gauge
faceward_ready 1

# TYPE faceward_api_key_next_expiry_timestamp_seconds gauge
faceward_api_key_next_expiry_timestamp_seconds inf

# TYPE faceward_http_requests_in_flight gauge
faceward_http_requests_in_flight 2

# TYPE faceward_http_request_duration_seconds histogram
faceward_http_request_duration_seconds_bucket{route=\"/a\\\"b\",status=\"200\",le=\"0.1\"} 2
faceward_http_request_duration_seconds_bucket{route=\"/a\\\"b\",status=\"200\",le=\"1\"} 5
faceward_http_request_duration_seconds_bucket{route=\"/a\\\"b\",status=\"200\",le=\"+Inf\"} 6
faceward_http_request_duration_seconds_sum{route=\"/a\\\"b\",status=\"200\"} 7.5
faceward_http_request_duration_seconds_count{route=\"/a\\\"b\",status=\"200\"} 6
";

    #[test]
    fn counters_gauges_and_histograms_become_messages() {
        let [verdicts, ready, in_flight, durations] = metrics(TEXT, 1, 2).try_into().unwrap();
        assert_eq!((in_flight.name.as_str(), in_flight.unit.as_str()), ("http.server.active_requests", "{request}"));
        assert!(matches!(in_flight.data, Some(Data::Sum(sum)) if !sum.is_monotonic));
        assert_eq!(verdicts.description, "Images that were verified, by verdict.");
        let Some(Data::Sum(sum)) = verdicts.data else { panic!("{verdicts:?}") };
        assert!(sum.is_monotonic && sum.aggregation_temporality == CUMULATIVE);
        let values: Vec<Option<f64>> = sum.data_points.iter().map(|p| p.as_double).collect();
        assert_eq!(values, [Some(3.0), Some(0.0)]);
        assert_eq!(sum.data_points[0].attributes, [attribute("verdict", "fake".into())]);
        assert!(matches!(ready.data, Some(Data::Gauge(gauge)) if gauge.data_points[0].as_double == Some(1.0)));
        assert_eq!((durations.name.as_str(), durations.unit.as_str()), ("http.server.request.duration", "s"));
        let Some(Data::Histogram(histogram)) = durations.data else { panic!("{:?}", durations.name) };
        let [point] = histogram.data_points.as_slice() else { panic!("{histogram:?}") };
        assert_eq!((point.count, point.sum), (6, Some(7.5)));
        assert_eq!(
            (point.bucket_counts.as_slice(), point.explicit_bounds.as_slice()),
            (&[2, 3, 1][..], &[0.1, 1.0][..])
        );
        let expected = [attribute("http.route", "/a\"b".into()), attribute("http.response.status_code", 200.into())];
        assert_eq!(point.attributes, expected);
    }

    #[test]
    fn what_is_no_sample_is_passed_over() {
        assert!(metrics("", 1, 2).is_empty());
        for line in ["a", "a{b=\"c} 1", "a{b=\"c\" 1", "a{b} x"] {
            assert!(sample(line).is_none(), "{line}");
        }
        assert_eq!(sample("a +Inf"), Some(("a", Vec::new(), f64::INFINITY)));
    }
}
