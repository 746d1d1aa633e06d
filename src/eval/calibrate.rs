//! Fits thresholds and the score's map to an operator's own data.
//!
//! The weights of the fusion stay as shipped: fitting them takes thousands of forgeries. Fitted are a line on the log
//! odds of the score and three thresholds, each only where there are enough data.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::report::balanced;
use super::statistics::{Scored, mean, weighted_quantile};
use super::{Judge, Measured, OpenSetScores, Protocol, Record, counted};
use crate::identity::{LEAST_EXCESSES, Tails};
use crate::verdict::{
    Calibration, CalibrationSource, OperatingPoint, OperatingPoints, Rates, ScoreMap, Thresholds, Verdict,
};

/// The target error rates, each 0..1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Targets {
    /// Genuine photographs called fake.
    pub genuine_called_fake: f64,
    /// Genuine photographs left undecided; ignored where [`Targets::fake_called_real`] is given.
    pub genuine_undecided: f64,
    /// Fakes called real, in place of [`Targets::genuine_undecided`].
    pub fake_called_real: Option<f64>,
    /// Genuine photographs called a different person.
    pub fnmr: f64,
}

impl Default for Targets {
    fn default() -> Self {
        Self { genuine_called_fake: 0.04, genuine_undecided: 0.05, fake_called_real: None, fnmr: 0.01 }
    }
}

/// Data that nothing can be fitted to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalibrateError {
    /// Too few people or photographs.
    #[error(
        "{} with {} to verify {} too few: add pictures until there are at least {LEAST_PEOPLE} people and {LEAST} \
         photographs, not counting references",
        counted(*people, "person", "people"),
        counted(*genuine, "genuine photograph", "genuine photographs"),
        if *people == 1 { "is" } else { "are" }
    )]
    TooFew {
        /// People.
        people: usize,
        /// Genuine photographs with a readable face.
        genuine: usize,
    },
}

/// The fewest people that anything is fitted to.
const LEAST_PEOPLE: usize = 3;
/// The fewest pictures of a kind that anything is fitted to.
const LEAST: usize = 20;
/// The fewest people of which some are held out.
const LEAST_TO_HOLD_OUT: usize = 4;
/// Folds of the held-out people.
const FOLDS: usize = 5;
/// The largest share of other people that may pass a lowered likeness threshold.
const MOST_STRANGERS: f64 = 0.001;

/// The shares of strangers' comparisons that a tail may be fitted to, the one that tells most of rare ones first.
const TAIL_SHARES: [f32; 3] = [0.001, 0.003, 0.01];

/// One answer with a face.
struct Probe<'a> {
    record: &'a Record,
    score: f64,
    likeness: f64,
    quality: f64,
}

/// Fits to answers that were measured with the shipped thresholds.
///
/// # Errors
/// [`CalibrateError::TooFew`].
pub fn calibrate(
    judge: &Judge,
    protocol: &Protocol,
    measured: &Measured,
    targets: &Targets,
    now: Timestamp,
) -> Result<Calibration, CalibrateError> {
    let shipped = judge.fusion.thresholds;
    let probes: Vec<Probe> = measured.records.iter().filter_map(probe).collect();
    let all: Vec<&Probe> = probes.iter().collect();
    let readable: Vec<&Probe> = all.iter().copied().filter(|p| p.quality >= f64::from(shipped.min_quality)).collect();
    let people: BTreeSet<&str> = all.iter().map(|p| p.record.identity.as_str()).collect();
    let genuine = pictures(&readable, "real");
    if people.len() < LEAST_PEOPLE || genuine < LEAST {
        return Err(CalibrateError::TooFew { people: people.len(), genuine });
    }
    let mut fit = fit(&readable, &shipped, targets);
    let operating_points = operating_points(&readable, &mut fit, &judge.fusion.operating_points);
    let tails = fit_tails(measured.open_set.as_ref(), &mut fit.kept);
    Ok(Calibration {
        models: judge.versions.models.clone(),
        map: fit.map,
        thresholds: fit.thresholds,
        operating_points,
        tail: tails,
        source: CalibrationSource {
            fitted_at: now,
            people: people.len(),
            references: protocol.references,
            genuine,
            fakes: pictures(&readable, "fake"),
            others: pictures(&readable, "other"),
            strangers: measured.open_set.as_ref().map_or(0, OpenSetScores::strangers),
            degradations: protocol.degradations.iter().map(ToString::to_string).collect(),
            kept: fit.kept,
            held_out: held_out(&all, &people.into_iter().collect::<Vec<_>>(), &shipped, targets),
        },
    })
}

/// The tail of strangers' similarity: the rarest of the shares that leaves enough comparisons in the tail.
fn fit_tails(open_set: Option<&OpenSetScores>, kept: &mut Vec<String>) -> Option<Tails> {
    let comparisons = open_set.map_or(&[][..], OpenSetScores::comparisons);
    let tails = TAIL_SHARES.into_iter().find_map(|share| Tails::fit(comparisons, share));
    if tails.is_none() {
        let least = LEAST_EXCESSES as f32 / TAIL_SHARES[TAIL_SHARES.len() - 1];
        kept.push(format!(
            "threshold of searches: {} comparisons of strangers (others/) with people enrolled, at least {least} \
             needed",
            comparisons.len()
        ));
    }
    tails
}

fn probe(record: &Record) -> Option<Probe<'_>> {
    Some(Probe { record, score: record.score?, likeness: record.likeness?, quality: record.quality? })
}

/// The number of pictures of a kind, each counted once however often it was drawn or degraded: its copies are not
/// independent.
fn pictures(probes: &[&Probe], kind: &str) -> usize {
    let of_kind = probes.iter().filter(|p| p.record.kind() == kind);
    of_kind.map(|p| &p.record.path).collect::<BTreeSet<_>>().len()
}

struct Fit {
    map: ScoreMap,
    thresholds: Thresholds,
    kept: Vec<String>,
}

fn fit(probes: &[&Probe], shipped: &Thresholds, targets: &Targets) -> Fit {
    let mut kept = Vec::new();
    let (genuine, fakes) = (pictures(probes, "real"), pictures(probes, "fake"));
    let records: Vec<&Record> = probes.iter().map(|p| p.record).collect();
    let map = if fakes < LEAST {
        kept.push(format!("score map: {fakes} fakes, at least {LEAST} needed"));
        ScoreMap::default()
    } else {
        platt(&balanced(&records, &["real", "fake", "other"]))
    };
    let (own, forged) = (mapped(&records, "real", map), mapped(&records, "fake", map));
    let mut thresholds = *shipped;
    thresholds.fake = map.apply(shipped.fake);
    thresholds.real = map.apply(shipped.real);
    if resolves(targets.genuine_called_fake, genuine) {
        thresholds.fake = fake_at(&own, targets.genuine_called_fake).unwrap_or(thresholds.fake);
        thresholds.target_genuine_called_fake = targets.genuine_called_fake as f32;
    } else {
        kept.push(too_few("fake", "genuine photographs", genuine, targets.genuine_called_fake));
    }
    fit_real(&mut thresholds, &mut kept, targets, (&own, genuine), (&forged, fakes));
    fit_likeness(&mut thresholds, &mut kept, probes, targets);
    Fit { map, thresholds, kept }
}

/// The mapped scores of a kind with their weights; each person and set counts alike.
fn mapped(records: &[&Record], kind: &str, map: ScoreMap) -> Vec<(f64, f64)> {
    let scored = balanced(records, &[kind]).into_iter();
    scored.map(|s| (f64::from(map.apply(s.score as f32)), s.weight)).collect()
}

/// The `fake` threshold with which this share of genuine photographs is called fake: one step below the quantile, as a
/// score at the threshold is called fake.
fn fake_at(own: &[(f64, f64)], share: f64) -> Option<f32> {
    Some((weighted_quantile(own, share)? as f32).next_down().max(0.0))
}

/// The `real` threshold with which no more than this share of fakes is called real; at most 1.
fn real_at(forged: &[(f64, f64)], share: f64) -> Option<f32> {
    Some((weighted_quantile(forged, 1.0 - share)? as f32).next_up().min(1.0))
}

/// The thresholds for the grid of rates, fitted like those for the targets. Each side has the rates that the pictures
/// can tell from zero; where there are none, the shipped points.
fn operating_points(probes: &[&Probe], fit: &mut Fit, shipped: &OperatingPoints) -> OperatingPoints {
    let records: Vec<&Record> = probes.iter().map(|p| p.record).collect();
    let mut side = |name: &str, kind: &str, grid: &[f64], shipped: &[OperatingPoint], at: Quantile| {
        let (scores, n) = (mapped(&records, kind, fit.map), pictures(probes, kind));
        let known = grid.iter().filter(|rate| n >= LEAST && resolves(**rate, n));
        let points =
            known.filter_map(|&rate| Some(OperatingPoint { rate: rate as f32, threshold: at(&scores, rate)? }));
        let points: Vec<OperatingPoint> = points.collect();
        if points.is_empty() {
            fit.kept.push(format!("operating points of {name}: {n} pictures, at least {LEAST} needed"));
            return shipped.iter().map(|p| OperatingPoint { threshold: fit.map.apply(p.threshold), ..*p }).collect();
        }
        points
    };
    OperatingPoints {
        fake: side("fake", "real", &OperatingPoints::GENUINE_CALLED_FAKE, &shipped.fake, fake_at),
        real: side("real", "fake", &OperatingPoints::FAKE_CALLED_REAL, &shipped.real, real_at),
    }
}

type Quantile = fn(&[(f64, f64)], f64) -> Option<f32>;

/// Whether this number of pictures can tell the share from zero.
fn resolves(share: f64, pictures: usize) -> bool {
    share * pictures as f64 >= 1.0
}

fn too_few(threshold: &str, what: &str, pictures: usize, share: f64) -> String {
    let needed = (1.0 / share.max(1e-6)).ceil();
    format!("threshold {threshold}: {pictures} {what}, a rate of {share} needs {needed}")
}

type Kind<'a> = (&'a [(f64, f64)], usize);

fn fit_real(t: &mut Thresholds, kept: &mut Vec<String>, targets: &Targets, own: Kind, forged: Kind) {
    let called_real = |t: &Thresholds| {
        let all: f64 = forged.0.iter().map(|f| f.1).sum();
        let over: f64 = forged.0.iter().filter(|f| f.0 >= f64::from(t.real)).map(|f| f.1).sum();
        (forged.1 >= LEAST).then(|| (over / all) as f32)
    };
    let turned = targets.genuine_called_fake + targets.genuine_undecided;
    match targets.fake_called_real {
        Some(share) if resolves(share, forged.1) => {
            t.real = real_at(forged.0, share).unwrap_or(t.real);
        }
        Some(share) => kept.push(too_few("real", "fakes", forged.1, share)),
        None if resolves(turned, own.1) => {
            t.real = weighted_quantile(own.0, turned).map_or(t.real, |v| v as f32);
        }
        None => kept.push(too_few("real", "genuine photographs", own.1, turned)),
    }
    t.real = t.real.clamp(t.fake, 1.0);
    t.target_fake_called_real = called_real(t).unwrap_or(t.target_fake_called_real);
}

fn fit_likeness(t: &mut Thresholds, kept: &mut Vec<String>, probes: &[&Probe], targets: &Targets) {
    let genuine = pictures(probes, "real");
    if !resolves(targets.fnmr, genuine) {
        kept.push(too_few("likeness", "genuine photographs", genuine, targets.fnmr));
        return;
    }
    let records: Vec<&Record> = probes.iter().map(|p| p.record).collect();
    let weights = balanced(&records, &["real"]).into_iter().map(|s| s.weight);
    let own = probes.iter().filter(|p| p.record.kind() == "real").map(|p| p.likeness);
    let own: Vec<(f64, f64)> = own.zip(weights).collect();
    let Some(at) = weighted_quantile(&own, targets.fnmr) else { return };
    let strangers: Vec<f64> = probes.iter().filter(|p| p.record.kind() == "other").map(|p| p.likeness).collect();
    let passing = |at: f64| strangers.iter().filter(|l| **l >= at).count() as f64 / strangers.len().max(1) as f64;
    let shipped = f64::from(t.likeness);
    // A few photographs of another person among the genuine ones must not lower the threshold for everybody.
    let safe = resolves(MOST_STRANGERS, strangers.len()) && passing(at) <= passing(shipped).max(MOST_STRANGERS);
    if at < shipped && !safe {
        let share = passing(at) * 100.0;
        kept.push(format!(
            "threshold likeness: {at:.2} would let {share:.2} % of {} answers for other people pass",
            strangers.len()
        ));
        return;
    }
    t.likeness = at as f32;
    t.target_fnmr = targets.fnmr as f32;
}

/// Platt scaling (Platt 1999) by Newton's method, with a weak prior at the map that changes nothing, worth about one
/// picture: separable data would otherwise drive the slope to infinity.
fn platt(samples: &[Scored]) -> ScoreMap {
    let whole: f64 = samples.iter().map(|s| s.weight).sum();
    if whole <= 0.0 {
        return ScoreMap::default();
    }
    let pull = 1.0 / samples.len() as f64;
    let points: Vec<(f64, f64, f64)> = samples
        .iter()
        .map(|s| {
            let p = s.score.clamp(1e-6, 1.0 - 1e-6);
            ((p / (1.0 - p)).ln(), f64::from(u8::from(s.genuine)), s.weight / whole)
        })
        .collect();
    let loss = |a: f64, b: f64| {
        let each = points.iter().map(|(x, y, w)| {
            let z = a * x + b;
            w * ((-z.abs()).exp().ln_1p() + z.max(0.0) - y * z)
        });
        each.sum::<f64>() + pull / 2.0 * ((a - 1.0).powi(2) + b * b)
    };
    let (mut a, mut b) = (1.0, 0.0);
    for _ in 0..50 {
        let (mut ga, mut gb) = (pull * (a - 1.0), pull * b);
        let (mut haa, mut hab, mut hbb) = (pull, 0.0, pull);
        for (x, y, w) in &points {
            let p = 1.0 / (1.0 + (-(a * x + b)).exp());
            let (g, h) = (w * (p - y), w * p * (1.0 - p));
            (ga, gb) = (ga + g * x, gb + g);
            (haa, hab, hbb) = (haa + h * x * x, hab + h * x, hbb + h);
        }
        let det = haa * hbb - hab * hab;
        let (da, db) = ((hbb * ga - hab * gb) / det, (haa * gb - hab * ga) / det);
        let before = loss(a, b);
        let step = std::iter::successors(Some(1.0), |s| Some(s / 2.0)).take(30);
        let Some(step) = step.into_iter().find(|s| loss(a - s * da, b - s * db) <= before) else { break };
        (a, b) = (a - step * da, b - step * db);
        if da.abs() + db.abs() < 1e-9 {
            break;
        }
    }
    ScoreMap { slope: (a as f32).max(0.05), offset: b as f32 }
}

/// Error rates on people held out of the fit in turn; `None` with too few people.
fn held_out(probes: &[&Probe], people: &[&str], shipped: &Thresholds, targets: &Targets) -> Option<Rates> {
    if people.len() < LEAST_TO_HOLD_OUT {
        return None;
    }
    let folds = FOLDS.min(people.len());
    let fold = |p: &Probe| people.iter().position(|who| *who == p.record.identity).unwrap_or(0) % folds;
    let mut answers = Vec::new();
    for held in 0..folds {
        let rest: Vec<&Probe> =
            probes.iter().copied().filter(|p| fold(p) != held && p.quality >= f64::from(shipped.min_quality)).collect();
        let fit = fit(&rest, shipped, targets);
        answers.extend(probes.iter().filter(|p| fold(p) == held).map(|p| {
            let score = fit.map.apply(p.score as f32);
            (p.record, fit.thresholds.verdict(score, p.likeness as f32, p.quality as f32))
        }));
    }
    Some(rates(&answers))
}

/// Means over people and sets, as in a report; answers without a face are left out.
fn rates(answers: &[(&Record, Verdict)]) -> Rates {
    let rate = |kind: &str, verdict: Verdict| {
        let rows: BTreeSet<(&str, &str)> =
            answers.iter().filter(|(r, _)| r.kind() == kind).map(|(r, _)| (&*r.identity, &*r.set)).collect();
        let shares = rows.iter().filter_map(|(who, set)| {
            let row = answers.iter().filter(|(r, _)| r.identity == *who && r.set == *set);
            mean(&row.map(|(_, v)| f64::from(u8::from(*v == verdict))).collect::<Vec<f64>>())
        });
        mean(&shares.collect::<Vec<f64>>()).map(|v| v as f32)
    };
    Rates {
        genuine_called_fake: rate("real", Verdict::Fake),
        genuine_undecided: rate("real", Verdict::Inconclusive),
        genuine_called_different: rate("real", Verdict::DifferentPerson),
        fakes_called_real: rate("fake", Verdict::Real),
        others_called_real: rate("other", Verdict::Real),
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "figures that are exact are compared exactly")]
mod tests;
