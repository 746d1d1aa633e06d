//! Computes the figures of a report.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Case, Condition, Curve, EnrollmentSummary, Figures, GroupRow, MeanRow, Report, Run, SCHEMA, SetRow, explanations,
};
use crate::eval::statistics::{
    Scored, abstention, auc, calibration_error, curve, eer, mean, mean_interval, reliability, thinned,
};
use crate::eval::{Judge, Labels, Measured, Protocol, Record, verdict_changes};
use crate::verdict::{CalibrationSource, Thresholds, Verdict};

/// Bins of the histograms.
const HISTOGRAM: usize = 25;
/// Bins of the reliability curve.
const RELIABILITY: usize = 10;
/// The most points of a curve.
const POINTS: usize = 250;
/// Worst cases per kind.
const CASES: usize = 12;

/// Records of one degradation, person and set.
type Sets<'a> = BTreeMap<(String, String, String), Vec<&'a Record>>;

impl Report {
    /// The figures of `measured`; `data` names the folder.
    pub fn build(
        data: &str,
        protocol: &Protocol,
        judge: &Judge,
        calibration: Option<&CalibrationSource>,
        measured: &Measured,
        labels: &Labels,
    ) -> Self {
        let thresholds = judge.fusion.thresholds;
        let identities: BTreeSet<&String> = measured.enrollments.iter().map(|e| &e.identity).collect();
        let degrade: Vec<String> = protocol.degradations.iter().map(ToString::to_string).collect();
        let run = Run {
            data: data.into(),
            identities: identities.into_iter().cloned().collect(),
            refs: protocol.references,
            seeds: protocol.seeds,
            others: protocol.others,
            max_per_set: protocol.max_per_set,
            probes: measured.records.len(),
            excluded: measured.excluded,
            faceward: judge.versions.faceward.clone(),
            models: judge.versions.models.clone(),
            engine: judge.versions.engine.clone(),
            thresholds,
            calibration: calibration.cloned(),
            degrade,
        };
        let open_set = measured.open_set.as_ref().map(|scores| scores.figures(judge.tails()));
        Self { open_set, ..Self::of(run, measured, labels) }
    }

    fn of(run: Run, measured: &Measured, labels: &Labels) -> Self {
        let sets = rows(&measured.records, run.seeds);
        let conditions = run.degrade.iter().map(|how| condition(how, &measured.records, &run.thresholds)).collect();
        let first = run.degrade.first().map_or("", String::as_str);
        Self {
            schema: SCHEMA,
            open_set: None,
            enrollment: enrollment(measured),
            means: run.degrade.iter().flat_map(|how| means(how, &sets)).collect(),
            groups: run.degrade.iter().flat_map(|how| groups(how, &sets, labels)).collect(),
            worst: worst(first, &measured.records),
            changes: verdict_changes(&measured.records),
            explanations: explanations::rows(&run.degrade, &measured.records),
            conditions,
            sets,
            run,
        }
    }
}

fn enrollment(measured: &Measured) -> EnrollmentSummary {
    let shares: Vec<f64> = measured.enrollments.iter().map(|e| e.accepted as f64 / e.offered.max(1) as f64).collect();
    let mut refused = BTreeMap::new();
    for code in measured.enrollments.iter().flat_map(|e| &e.refused) {
        *refused.entry(code.clone()).or_default() += 1;
    }
    EnrollmentSummary { references_accepted: mean(&shares).unwrap_or_default(), refused }
}

/// AUC and EER of a row are means over the draws: scores of different enrollments are not pooled.
fn rows(records: &[Record], seeds: u64) -> Vec<SetRow> {
    let mut sets = Sets::new();
    for r in records {
        sets.entry((r.degrade.clone(), r.identity.clone(), r.set.clone())).or_default().push(r);
    }
    let scores = |records: Option<&Vec<&Record>>, seed: u64| -> Vec<f64> {
        records.into_iter().flatten().filter(|r| r.seed == seed).filter_map(|r| r.score).collect()
    };
    let row = |((degrade, identity, set), records): (&(String, String, String), &Vec<&Record>)| {
        let mut figures = Figures::of(records);
        if set != "real" {
            let genuine = sets.get(&(degrade.clone(), identity.clone(), "real".into()));
            let of = |rank: fn(&[f64], &[f64]) -> Option<f64>| {
                let by_seed = (0..seeds).filter_map(|s| rank(&scores(genuine, s), &scores(Some(records), s)));
                mean(&by_seed.collect::<Vec<f64>>())
            };
            (figures.auc, figures.eer) = (of(auc), of(eer));
        }
        SetRow { degrade: degrade.clone(), identity: identity.clone(), set: set.clone(), n: records.len(), figures }
    };
    sets.iter().map(row).collect()
}

fn means(how: &str, sets: &[SetRow]) -> Vec<MeanRow> {
    let here: Vec<&SetRow> = sets.iter().filter(|r| r.degrade == how).collect();
    let methods: BTreeSet<&str> = here.iter().map(|r| r.set.as_str()).filter(|s| s.starts_with("fake:")).collect();
    ["real", "fake", "other"].into_iter().chain(methods).filter_map(|set| mean_row(how, set, &here)).collect()
}

/// The mean over the rows of `set` (`fake`: of every method).
fn mean_row(how: &str, set: &str, rows: &[&SetRow]) -> Option<MeanRow> {
    let rows: Vec<&&SetRow> =
        rows.iter().filter(|r| r.set == set || (set == "fake" && r.set.starts_with("fake:"))).collect();
    if rows.is_empty() {
        return None;
    }
    let figures: Vec<Figures> = rows.iter().map(|r| r.figures).collect();
    let worst = rows.iter().filter_map(|r| Some((r.figures.auc?, r))).min_by(|a, b| a.0.total_cmp(&b.0));
    Some(MeanRow {
        degrade: how.into(),
        set: set.into(),
        sets: rows.len(),
        figures: Figures::mean(&figures),
        intervals: intervals(&rows),
        worst_auc: worst.as_ref().map(|w| w.0),
        worst: worst.map(|(_, r)| format!("{}/{}", r.identity, r.set)),
    })
}

fn intervals(rows: &[&&SetRow]) -> BTreeMap<String, [f64; 2]> {
    let mut people: BTreeMap<&str, Vec<Figures>> = BTreeMap::new();
    for row in rows {
        people.entry(&row.identity).or_default().push(row.figures);
    }
    let of = |i: usize| {
        let name = Figures::default().named()[i].0;
        let values: Vec<Vec<f64>> =
            people.values().map(|f| f.iter().filter_map(|f| f.named()[i].1).collect()).collect();
        Some((name.to_owned(), mean_interval(&values)?))
    };
    (0..Figures::default().named().len()).filter_map(of).collect()
}

fn groups(how: &str, sets: &[SetRow], labels: &Labels) -> Vec<GroupRow> {
    let mut groups = Vec::new();
    for (attribute, people) in &labels.0 {
        let values: BTreeSet<&String> = people.values().collect();
        for value in values {
            let member = |r: &&SetRow| r.degrade == how && people.get(&r.identity) == Some(value);
            let rows: Vec<&SetRow> = sets.iter().filter(member).collect();
            let members: BTreeSet<&str> = rows.iter().map(|r| r.identity.as_str()).collect();
            if !members.is_empty() {
                groups.push(GroupRow {
                    degrade: how.into(),
                    attribute: attribute.clone(),
                    value: value.clone(),
                    people: members.len(),
                    real: mean_row(how, "real", &rows),
                    fake: mean_row(how, "fake", &rows),
                    other: mean_row(how, "other", &rows),
                });
            }
        }
    }
    groups
}

fn condition(how: &str, records: &[Record], thresholds: &Thresholds) -> Condition {
    let here: Vec<&Record> = records.iter().filter(|r| r.degrade == how).collect();
    let scores = |set: &str| here.iter().filter(|r| r.set == set).filter_map(|r| r.score).collect::<Vec<f64>>();
    let genuine = scores("real");
    let sets: BTreeSet<&str> = here.iter().map(|r| r.set.as_str()).filter(|s| *s != "real").collect();
    let curves = sets.into_iter().map(|set| {
        let fakes = scores(set);
        Curve {
            set: set.into(),
            n: fakes.len(),
            auc: auc(&genuine, &fakes),
            eer: eer(&genuine, &fakes),
            points: thinned(&curve(&genuine, &fakes), POINTS),
        }
    });
    let curves = curves.collect();
    let bins = reliability(&balanced(&here, &["real", "fake", "other"]), RELIABILITY);
    let two = balanced(&here, &["real", "fake"]);
    let middle = f64::from(f32::midpoint(thresholds.real, thresholds.fake));
    Condition {
        degrade: how.into(),
        curves,
        histograms: histograms(&here),
        calibration_error: calibration_error(&bins),
        reliability: bins,
        abstention: thinned(&abstention(&two, middle), POINTS),
        at_verdict: at_verdict(&here),
    }
}

fn histograms(records: &[&Record]) -> BTreeMap<String, Vec<f64>> {
    let mut histograms: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (kind, score) in records.iter().filter_map(|r| Some((r.kind(), r.score?))) {
        let bins = histograms.entry(kind.into()).or_insert_with(|| vec![0.0; HISTOGRAM]);
        bins[((score * HISTOGRAM as f64) as usize).min(HISTOGRAM - 1)] += 1.0;
    }
    for bins in histograms.values_mut() {
        let all: f64 = bins.iter().sum();
        for b in bins {
            *b /= all.max(1.0);
        }
    }
    histograms
}

/// The weight of each record. Genuine photographs and the rest weigh half each; within a half each set counts alike,
/// and within a set each person. Records of other kinds, and those that `usable` rejects, weigh 0.
fn weights(records: &[&Record], kinds: &[&str], usable: impl Fn(&Record) -> bool) -> Vec<f64> {
    let counts = |r: &Record| kinds.contains(&r.kind()) && usable(r);
    let mut people: BTreeMap<(&str, &str), f64> = BTreeMap::new();
    for r in records.iter().filter(|r| counts(r)) {
        *people.entry((&r.set, &r.identity)).or_default() += 1.0;
    }
    let sets: BTreeSet<&str> = people.keys().map(|(set, _)| *set).filter(|s| *s != "real").collect();
    let weight = |r: &&Record| {
        let own = people.keys().filter(|(set, _)| *set == r.set).count() as f64;
        let shared = if r.set == "real" { 1.0 } else { sets.len() as f64 };
        0.5 / (shared * own * people[&(r.set.as_str(), r.identity.as_str())])
    };
    records.iter().map(|r| if counts(r) { weight(r) } else { 0.0 }).collect()
}

/// Scored records of these kinds, weighted; see [`weights`].
pub(crate) fn balanced(records: &[&Record], kinds: &[&str]) -> Vec<Scored> {
    let weights = weights(records, kinds, |r| r.score.is_some());
    let scored = records.iter().zip(weights).filter(|(_, w)| *w > 0.0);
    scored.filter_map(|(r, weight)| Some(Scored { score: r.score?, genuine: r.kind() == "real", weight })).collect()
}

/// (share decided, error among the decided) of genuine photographs and fakes with a face. Wrong are genuine photographs
/// called anything but real, and fakes called real.
fn at_verdict(records: &[&Record]) -> Option<[f64; 2]> {
    let weights = weights(records, &["real", "fake"], |r| r.score.is_some());
    let whole: f64 = weights.iter().sum();
    let sum =
        |of: &dyn Fn(&Record) -> bool| records.iter().zip(&weights).filter(|(r, _)| of(r)).map(|(_, w)| w).sum::<f64>();
    let decided = |r: &Record| !matches!(r.verdict, None | Some(Verdict::Inconclusive | Verdict::NoFace));
    let wrong = |r: &Record| decided(r) && (r.verdict == Some(Verdict::Real)) != (r.kind() == "real");
    let share = sum(&decided);
    (share > 0.0).then(|| [share / whole, sum(&wrong) / share])
}

/// Genuine photographs with the lowest scores, fakes and other people with the highest; each picture once.
fn worst(how: &str, records: &[Record]) -> Vec<Case> {
    let mut cases = Vec::new();
    for kind in ["real", "fake", "other"] {
        let mut here: Vec<(f64, &Record)> = records
            .iter()
            .filter(|r| r.degrade == how && r.kind() == kind)
            .filter_map(|r| Some((if kind == "real" { r.score? } else { -r.score? }, r)))
            .collect();
        here.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.path.cmp(&b.1.path)));
        let mut shown = BTreeSet::new();
        let once = here.into_iter().filter(|(_, r)| shown.insert((&r.identity, &r.path)));
        cases.extend(once.take(CASES).map(|(score, r)| Case {
            identity: r.identity.clone(),
            set: r.set.clone(),
            path: r.path.clone(),
            score: score.abs(),
            verdict: r.verdict,
            thumbnail: None,
            bbox: r.bbox,
        }));
    }
    cases
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "figures that are exact are compared exactly")]
pub(super) mod tests;
