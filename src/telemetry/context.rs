//! Which trace a request belongs to: the header `traceparent` (<https://www.w3.org/TR/trace-context/>).

use rand::{Rng, RngExt as _};

/// The number of a trace, not zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceId(pub [u8; 16]);

/// The number of a span, not zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanId(pub [u8; 8]);

/// The trace that a caller continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace.
    pub trace: TraceId,
    /// The caller's span.
    pub span: SpanId,
    /// Whether the caller keeps the trace.
    pub sampled: bool,
}

impl TraceContext {
    /// Reads the header `traceparent`; `None` where it is malformed, which then begins a trace of its own.
    pub fn parse(header: &str) -> Option<Self> {
        let mut parts = header.trim().split('-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let lower = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if ![version, trace, span, flags].into_iter().all(lower) {
            return None;
        }
        let number: [u8; 1] = digits(version)?;
        // Version 0 has four parts; a later one may have more, and `ff` is none.
        if number == [0xff] || (number == [0] && parts.next().is_some()) {
            return None;
        }
        let (trace, span, [flags]) = (digits(trace)?, digits(span)?, digits(flags)?);
        let valid = trace != [0; 16] && span != [0; 8];
        valid.then_some(Self { trace: TraceId(trace), span: SpanId(span), sampled: flags & 1 == 1 })
    }
}

fn digits<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes)
}

impl TraceId {
    /// A new number. Traces need no secrets.
    pub(super) fn random(random: &mut impl Rng) -> Self {
        Self(random.random::<u128>().max(1).to_be_bytes())
    }

    /// Whether a share of traces holds this one: the same in every service that asks, as each compares the same digits.
    pub(super) fn within(self, share: f64) -> bool {
        let [.., a, b, c, d, e, f, g] = self.0;
        let digits = u64::from_be_bytes([0, a, b, c, d, e, f, g]);
        share >= 1.0 || (digits as f64) < share * (1_u64 << 56) as f64
    }
}

impl SpanId {
    pub(super) fn random(random: &mut impl Rng) -> Self {
        Self(random.random::<u64>().max(1).to_be_bytes())
    }
}

impl std::fmt::Display for TraceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng as _;

    use super::*;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_header_names_trace_span_and_whether_it_is_kept() {
        let read = TraceContext::parse(GOOD).unwrap();
        assert_eq!(read.trace.to_string(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!((hex::encode(read.span.0), read.sampled), ("b7ad6b7169203331".to_owned(), true));
        assert!(!TraceContext::parse(&GOOD.replace("-01", "-00")).unwrap().sampled);
        assert!(
            TraceContext::parse(&GOOD.replacen("00", "cc", 1).replace("-01", "-01-more")).is_some(),
            "a later version"
        );
        for bad in [
            "",
            "nonsense",
            &GOOD.to_uppercase(),
            &GOOD.replacen("00", "ff", 1),
            &GOOD.replace("-01", "-01-more"),
            &GOOD.replace("b7ad6b7169203331", "0000000000000000"),
            &GOOD.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)),
            &GOOD.replace("b7ad6b7169203331", "b7ad"),
        ] {
            assert_eq!(TraceContext::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_share_of_traces_is_kept() {
        let mut random = rand_xoshiro::Xoshiro256PlusPlus::seed_from_u64(3);
        let ids: Vec<TraceId> = (0..4000).map(|_| TraceId::random(&mut random)).collect();
        let kept = |share: f64| ids.iter().filter(|id| id.within(share)).count();
        assert_eq!((kept(0.0), kept(1.0)), (0, 4000));
        assert!((900..1100).contains(&kept(0.25)), "{}", kept(0.25));
        assert_ne!(SpanId::random(&mut random), SpanId::random(&mut random));
    }

    proptest! {
        #[test]
        fn any_header_is_read_or_refused(header in "\\PC{0,80}") {
            let _ = TraceContext::parse(&header);
        }
    }
}
