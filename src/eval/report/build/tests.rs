use super::*;
use crate::eval::Explained;

fn record(seed: u64, identity: &str, set: &str, score: f64, verdict: Verdict) -> Record {
    Record {
        seed,
        identity: identity.into(),
        degrade: "none".into(),
        set: set.into(),
        path: format!("{identity}/{set}/{score}.jpg"),
        verdict: Some(verdict),
        score: (verdict != Verdict::NoFace).then_some(score),
        explained: (verdict != Verdict::NoFace).then(|| explained(set, score)),
        forged: set.ends_with("morph").then(|| vec!["mouth".into()]),
        ..Record::default()
    }
}

/// The lower the score, the more is named; morphs are found at the nose.
fn explained(set: &str, score: f64) -> Explained {
    let departure = (0.5 - score).max(0.0) * 4.0;
    let region = set.ends_with("morph").then(|| "nose".to_owned());
    Explained { departing: usize::from(departure > 0.0), farthest: 2.0 + departure, departure, region }
}

/// Three people; the third one's fakes are good.
pub(crate) fn example() -> Report {
    use Verdict::{DifferentPerson, Fake, Inconclusive, NoFace, Real};
    let mut records = Vec::new();
    for (i, person) in ["ada", "bob", "cy"].iter().enumerate() {
        for seed in 0..2 {
            let lift = i as f64 * 0.2;
            records.extend([
                record(seed, person, "real", 0.9, Real),
                record(seed, person, "real", 0.8, Real),
                record(seed, person, "real", 0.35, Inconclusive),
                record(seed, person, "real", 0.0, NoFace),
                record(seed, person, "fake:swap", 0.1 + lift, if i == 2 { Real } else { Fake }),
                record(seed, person, "fake:swap", 0.2 + lift, if i == 2 { Real } else { Fake }),
                record(seed, person, "fake:morph", 0.3 + lift, Inconclusive),
                record(seed, person, "other", 0.01, DifferentPerson),
            ]);
        }
    }
    let thresholds = Thresholds {
        real: 0.42,
        fake: 0.28,
        likeness: -0.3,
        target_genuine_called_fake: 0.04,
        target_fake_called_real: 0.1,
        target_fnmr: 0.01,
        similarity: None,
        target_fmr: None,
        min_quality: 5.0,
    };
    let run = Run {
        data: "example".into(),
        identities: vec!["ada".into(), "bob".into(), "cy".into()],
        refs: 10,
        seeds: 2,
        others: 60,
        max_per_set: 0,
        degrade: vec!["none".into()],
        probes: records.len(),
        excluded: 1,
        faceward: "0.0.0".into(),
        models: "abc".into(),
        engine: "test".into(),
        thresholds,
        calibration: None,
    };
    let people = [("ada", "female"), ("bob", "male"), ("cy", "male")];
    let sexes = people.iter().map(|(p, s)| ((*p).to_owned(), (*s).to_owned())).collect();
    let labels = Labels([("sex".into(), sexes)].into());
    Report::of(run, &Measured { records, ..Measured::default() }, &labels)
}

fn mean_of<'a>(report: &'a Report, set: &str) -> &'a MeanRow {
    report.means.iter().find(|m| m.set == set).unwrap()
}

#[test]
fn rows_hold_shares_and_rankings_over_draws() {
    let report = example();
    let row = |person: &str, set: &str| {
        report.sets.iter().find(|r| r.identity == person && r.set == set).map(|r| (r.n, r.figures)).unwrap()
    };
    let (n, genuine) = row("ada", "real");
    assert_eq!((n, genuine.real, genuine.inconclusive, genuine.no_face), (8, 0.5, 0.25, 0.25));
    assert_eq!((genuine.auc, row("ada", "fake:swap").1.auc), (None, Some(1.0)));
    // .5 and .6 against .9, .8, .35: four of six pairs are right.
    assert!((row("cy", "fake:swap").1.auc.unwrap() - 4.0 / 6.0).abs() < 1e-12);
    assert_eq!(row("cy", "fake:swap").1.real, 1.0);
}

#[test]
fn means_count_rows_alike_and_name_the_worst() {
    let report = example();
    let fake = mean_of(&report, "fake");
    assert_eq!((fake.sets, fake.worst.as_deref()), (6, Some("bob/fake:morph")));
    assert!((mean_of(&report, "fake:swap").figures.real - 1.0 / 3.0).abs() < 1e-12);
    let [low, high] = fake.intervals["auc"];
    assert!(low < fake.figures.auc.unwrap() && fake.figures.auc.unwrap() < high && high <= 1.0);
    assert_eq!(mean_of(&report, "other").figures.different_person, 1.0);
}

#[test]
fn groups_are_of_the_claimed_people() {
    let report = example();
    let male = report.groups.iter().find(|g| g.value == "male").unwrap();
    assert_eq!((male.people, male.fake.as_ref().map(|f| f.sets)), (2, Some(4)));
    assert!((male.fake.as_ref().unwrap().figures.real - 0.25).abs() < 1e-12);
}

#[test]
fn weights_balance_kinds_sets_and_people() {
    let records = [
        record(0, "a", "real", 0.9, Verdict::Real),
        record(0, "a", "real", 0.8, Verdict::Real),
        record(0, "b", "real", 0.9, Verdict::Real),
        record(0, "a", "fake:x", 0.1, Verdict::Fake),
        record(0, "b", "fake:y", 0.1, Verdict::Fake),
        record(0, "b", "fake:y", 0.0, Verdict::NoFace),
    ];
    let scored = balanced(&records.iter().collect::<Vec<_>>(), &["real", "fake"]);
    let weights: Vec<f64> = scored.iter().map(|s| s.weight).collect();
    assert_eq!(weights, [0.125, 0.125, 0.25, 0.25, 0.25]);
}

#[test]
fn conditions_hold_curves_and_the_point_of_the_verdicts() {
    let report = example();
    let condition = &report.conditions[0];
    assert_eq!(
        condition.curves.iter().map(|c| c.set.as_str()).collect::<Vec<_>>(),
        ["fake:morph", "fake:swap", "other"]
    );
    assert!((condition.histograms["real"].iter().sum::<f64>() - 1.0).abs() < 1e-9);
    assert!(condition.calibration_error.unwrap() > 0.0);
    // Two of three genuine decided, all rightly; of fakes every swap, a third of them wrongly, and no morph.
    let [decided, error] = condition.at_verdict.unwrap();
    assert!((decided - (0.5 * 2.0 / 3.0 + 0.25)).abs() < 1e-9, "{decided}");
    assert!((error - 0.25 / 3.0 / decided).abs() < 1e-9, "{error}");
}

#[test]
fn the_worst_cases_come_once_and_worst_first() {
    let report = example();
    let real: Vec<f64> = report.worst.iter().filter(|c| c.set == "real").map(|c| c.score).collect();
    assert_eq!((real.len(), real[0]), (9, 0.35));
    assert_eq!(report.worst.iter().find(|c| c.set.starts_with("fake")).unwrap().score, 0.7);
}

#[test]
fn the_json_form_is_read_back_and_compared() {
    let mut report = example();
    let text = serde_json::to_string(&report).unwrap();
    let mut old: Report = serde_json::from_str(&text).unwrap();
    assert_eq!(old.explanations, report.explanations);
    let auc = report.explanations[0].auc;
    report.explanations[0].auc = auc.map(|a| a / 2.0);
    let explained = report.compared_with(&old).changes.into_iter().find(|c| c.delta().abs() > 1e-12).unwrap();
    assert_eq!((explained.set.as_str(), explained.figure.as_str()), ("explanations", "auc"));
    assert!(explained.delta() < 0.0 && explained.better_up == Some(true));
    report.explanations[0].auc = auc;
    // Reports of before explanations were judged are read too.
    let without: serde_json::Value = serde_json::from_str(&text).unwrap();
    let without = without.as_object().unwrap().iter().filter(|(name, _)| *name != "explanations");
    let without: serde_json::Map<_, _> = without.map(|(name, value)| (name.clone(), value.clone())).collect();
    assert!(serde_json::from_value::<Report>(without.into()).unwrap().explanations.is_empty());
    assert_eq!(old.run, report.run);
    assert!(report.compared_with(&old).changes.iter().all(|c| c.delta().abs() < 1e-12));
    old.run.seeds = 1;
    old.means[0].figures.real = 0.4;
    let comparison = report.compared_with(&old);
    assert_eq!(comparison.differs, ["seeds: 1 then, 2 now"]);
    let change = comparison.changes.iter().find(|c| c.delta().abs() > 1e-12).unwrap();
    assert_eq!((change.set.as_str(), change.figure.as_str(), change.better_up), ("real", "real", Some(true)));
}
