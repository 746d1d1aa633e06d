//! Verdicts changed by degradation: the share of probes with another verdict than the undegraded picture.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Record;
use crate::verdict::Verdict;

/// One kind of probe under one degradation, compared with the same pictures undegraded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeRow {
    /// The degradation.
    pub degrade: String,
    /// `real`, `fake` or `other`.
    pub kind: String,
    /// Probes with a verdict on both.
    pub n: usize,
    /// The share with the same verdict, 0..=1.
    pub same: f64,
    /// The share that went from `real` to `fake` or back: an attacker's aim.
    pub flipped: f64,
    /// The share that went from `real` or `fake` to neither.
    pub lost: f64,
    /// The share that went from neither to `real` or `fake`.
    pub gained: f64,
}

/// Verdicts without and with the degradation.
type Pairs = Vec<(Verdict, Verdict)>;

/// A row per degradation and kind, in the order of `records`; empty where no undegraded picture was verified.
pub fn verdict_changes(records: &[Record]) -> Vec<ChangeRow> {
    let key = |r: &Record| (r.seed, r.identity.clone(), r.set.clone(), r.path.clone());
    let plain: BTreeMap<_, Verdict> =
        records.iter().filter(|r| r.degrade == "none").filter_map(|r| Some((key(r), r.verdict?))).collect();
    let mut groups: Vec<((String, String), Pairs)> = Vec::new();
    for record in records.iter().filter(|r| r.degrade != "none") {
        let (Some(&before), Some(after)) = (plain.get(&key(record)), record.verdict) else { continue };
        let name = (record.degrade.clone(), record.kind().to_owned());
        match groups.iter_mut().find(|(n, _)| *n == name) {
            Some((_, pairs)) => pairs.push((before, after)),
            None => groups.push((name, vec![(before, after)])),
        }
    }
    groups.into_iter().map(|((degrade, kind), pairs)| row(degrade, kind, &pairs)).collect()
}

fn row(degrade: String, kind: String, pairs: &[(Verdict, Verdict)]) -> ChangeRow {
    let speaks = |v: Verdict| matches!(v, Verdict::Real | Verdict::Fake);
    let share = |of: &dyn Fn(Verdict, Verdict) -> bool| {
        pairs.iter().filter(|(before, after)| of(*before, *after)).count() as f64 / pairs.len() as f64
    };
    ChangeRow {
        degrade,
        kind,
        n: pairs.len(),
        same: share(&|before, after| before == after),
        flipped: share(&|before, after| before != after && speaks(before) && speaks(after)),
        lost: share(&|before, after| speaks(before) && !speaks(after)),
        gained: share(&|before, after| !speaks(before) && speaks(after)),
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "figures that are exact are compared exactly")]
mod tests {
    use super::*;
    use Verdict::{Fake, Inconclusive, Real};

    fn record(path: &str, degrade: &str, verdict: Verdict) -> Record {
        Record {
            seed: 0,
            identity: "a".into(),
            degrade: degrade.into(),
            set: "fake:swap".into(),
            path: path.into(),
            verdict: Some(verdict),
            ..Record::default()
        }
    }

    #[test]
    fn each_probe_is_compared_with_itself() {
        let before = [Real, Fake, Fake, Inconclusive];
        let after = [Fake, Fake, Inconclusive, Real];
        let one = |how: &str, verdicts: [Verdict; 4]| -> Vec<Record> {
            verdicts.iter().enumerate().map(|(i, v)| record(&i.to_string(), how, *v)).collect()
        };
        let rows = verdict_changes(&[one("none", before), one("jpeg50", after)].concat());
        assert_eq!(rows.len(), 1);
        let row = &rows[0];
        assert_eq!((row.degrade.as_str(), row.kind.as_str(), row.n), ("jpeg50", "fake", 4));
        assert_eq!((row.same, row.flipped, row.lost, row.gained), (0.25, 0.25, 0.25, 0.25));
        // Without the undegraded picture there is nothing to compare with.
        assert!(verdict_changes(&one("jpeg50", after)).is_empty());
    }
}
