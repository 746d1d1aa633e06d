use super::*;

const SHIPPED: Thresholds = Thresholds {
    real: 0.42,
    fake: 0.28,
    likeness: -0.3,
    target_genuine_called_fake: 0.04,
    target_fake_called_real: 0.4,
    target_fnmr: 0.01,
    similarity: None,
    target_fmr: None,
    min_quality: 5.0,
};

fn record(person: usize, set: &str, i: usize, score: f64, likeness: f64) -> Record {
    Record {
        identity: format!("p{person}"),
        degrade: "none".into(),
        set: set.into(),
        path: format!("p{person}/{set}/{i}.jpg"),
        score: Some(score),
        likeness: Some(likeness),
        quality: Some(60.0),
        ..Record::default()
    }
}

/// Six people; genuine scores are spread evenly over .3 to 1, those of fakes over 0 to .6.
fn records(genuine: usize, fakes: usize, others: usize) -> Vec<Record> {
    let mut all = Vec::new();
    let place = |i: usize, n: usize| (i as f64 + 0.5) / n as f64;
    for person in 0..6 {
        all.extend(
            (0..genuine).map(|i| record(person, "real", i, 0.3 + 0.7 * place(i, genuine), 1.0 + place(i, genuine))),
        );
        all.extend((0..fakes).map(|i| record(person, "fake:swap", i, 0.6 * place(i, fakes), 2.5)));
        all.extend((0..others).map(|i| record(person, "other", i, 0.01, -4.0 + place(i, others))));
    }
    all
}

fn fitted(records: &[Record], targets: &Targets) -> Fit {
    let probes: Vec<Probe> = records.iter().filter_map(probe).collect();
    fit(&probes.iter().collect::<Vec<_>>(), &SHIPPED, targets)
}

/// The share of a kind with this verdict under a fit.
fn share(records: &[Record], fit: &Fit, kind: &str, verdict: Verdict) -> f64 {
    let of_kind: Vec<&Record> = records.iter().filter(|r| r.kind() == kind).collect();
    let called = of_kind.iter().filter(|r| {
        let score = fit.map.apply(r.score.unwrap() as f32);
        fit.thresholds.verdict(score, r.likeness.unwrap() as f32, 60.0) == verdict
    });
    called.count() as f64 / of_kind.len() as f64
}

#[test]
fn thresholds_reach_their_targets() {
    let all = records(100, 100, 200);
    let targets = Targets { genuine_called_fake: 0.03, genuine_undecided: 0.07, ..Targets::default() };
    let fit = fitted(&all, &targets);
    assert!(fit.kept.is_empty(), "{:?}", fit.kept);
    assert!((share(&all, &fit, "real", Verdict::Fake) - 0.03).abs() < 0.011);
    assert!((share(&all, &fit, "real", Verdict::Inconclusive) - 0.07).abs() < 0.021);
    assert!(share(&all, &fit, "real", Verdict::DifferentPerson) <= 0.01);
    let measured = share(&all, &fit, "fake", Verdict::Real);
    assert!((f64::from(fit.thresholds.target_fake_called_real) - measured).abs() < 1e-6);

    let strict = fitted(&all, &Targets { fake_called_real: Some(0.05), ..targets });
    assert!(share(&all, &strict, "fake", Verdict::Real) <= 0.05);
    assert!(strict.thresholds.real > fit.thresholds.real);
}

#[test]
fn too_few_data_leave_thresholds_as_shipped() {
    let fit = fitted(&records(4, 2, 5), &Targets::default());
    assert_eq!(fit.map, ScoreMap::default());
    assert_eq!(fit.thresholds, Thresholds { real: fit.thresholds.real, ..SHIPPED });
    let named = |what: &str| fit.kept.iter().any(|k| k.starts_with(what));
    assert!(named("score map") && named("threshold fake") && named("threshold likeness"), "{:?}", fit.kept);
}

#[test]
fn other_people_among_the_genuine_do_not_lower_the_likeness_threshold() {
    let mut all = records(100, 50, 200);
    // Three of each hundred photographs show another person.
    for r in all.iter_mut().filter(|r| r.set == "real" && r.path.ends_with("0.jpg") && r.path.len() < 16) {
        r.likeness = Some(-3.9);
    }
    let fit = fitted(&all, &Targets::default());
    assert_eq!(fit.thresholds.likeness, SHIPPED.likeness);
    assert!(fit.kept.iter().any(|k| k.starts_with("threshold likeness")), "{:?}", fit.kept);
}

#[test]
fn the_map_calibrates_scores() {
    use crate::eval::statistics::{calibration_error, reliability};
    // Scores of .8 that are right six times in ten, and .2 that are right four times in ten.
    let mut samples = Vec::new();
    for i in 0..1000 {
        let score = if i % 2 == 0 { 0.8 } else { 0.2 };
        let genuine = (i / 2) % 10 < if i % 2 == 0 { 6 } else { 4 };
        samples.push(Scored { score, genuine, weight: 1.0 });
    }
    let map = platt(&samples);
    let error = |s: &[Scored]| calibration_error(&reliability(s, 10)).unwrap();
    let mapped: Vec<Scored> =
        samples.iter().map(|s| Scored { score: f64::from(map.apply(s.score as f32)), ..*s }).collect();
    assert!(error(&samples) > 0.19 && error(&mapped) < 0.01, "{map:?} {}", error(&mapped));
    assert_eq!(platt(&[]), ScoreMap::default());
}

#[test]
fn separable_scores_keep_a_finite_map() {
    let samples: Vec<Scored> =
        (0..40).map(|i| Scored { score: if i < 20 { 0.9 } else { 0.1 }, genuine: i < 20, weight: 1.0 }).collect();
    let map = platt(&samples);
    assert!(map.slope > 1.0 && map.slope < 10.0 && map.offset.abs() < 0.1, "{map:?}");
}

#[test]
fn people_are_held_out() {
    let all = records(60, 40, 100);
    let probes: Vec<Probe> = all.iter().filter_map(probe).collect();
    let refs: Vec<&Probe> = probes.iter().collect();
    let people = ["p0", "p1", "p2", "p3", "p4", "p5"];
    let rates = held_out(&refs, &people, &SHIPPED, &Targets::default()).unwrap();
    assert!((rates.genuine_called_fake.unwrap() - 0.04).abs() < 0.02, "{rates:?}");
    assert_eq!(rates.others_called_real, Some(0.0));
    assert_eq!(held_out(&refs, &people[..3], &SHIPPED, &Targets::default()), None);
}

#[test]
fn operating_points_reach_the_rates_that_the_pictures_resolve() {
    let all = records(50, 10, 100);
    let probes: Vec<Probe> = all.iter().filter_map(probe).collect();
    let refs: Vec<&Probe> = probes.iter().collect();
    let shipped = OperatingPoints { fake: vec![], real: vec![[0.1, 0.5].into()] };
    let mut fit = fitted(&all, &Targets::default());
    let points = operating_points(&refs, &mut fit, &shipped);
    points.check().unwrap();
    // 300 genuine photographs resolve every rate, 60 fakes those from a sixtieth on.
    assert_eq!((points.fake.len(), points.fake[0].rate), (8, 0.005));
    assert_eq!((points.real.len(), points.real[0].rate), (6, 0.02));
    assert!(fit.kept.iter().all(|k| !k.starts_with("operating points")), "{:?}", fit.kept);
    // Scores come in steps of a fiftieth of the genuine ones, and of a tenth of the fakes.
    for p in &points.fake {
        (fit.thresholds.fake, fit.thresholds.real) = (p.threshold, 1.0);
        let called = share(&all, &fit, "real", Verdict::Fake);
        assert!(called <= f64::from(p.rate) + 1e-6 && called > f64::from(p.rate) - 0.021, "{p:?} {called}");
    }
    for p in &points.real {
        (fit.thresholds.fake, fit.thresholds.real) = (0.0, p.threshold);
        let called = share(&all, &fit, "fake", Verdict::Real);
        assert!(called <= f64::from(p.rate) + 1e-6 && called > f64::from(p.rate) - 0.11, "{p:?} {called}");
    }
    // Too few fakes: the shipped points, on the mapped score.
    let few: Vec<&Probe> = refs.iter().copied().filter(|p| p.record.kind() != "fake").collect();
    fit.map = ScoreMap { slope: 1.0, offset: 1.0 };
    let kept = operating_points(&few, &mut fit, &shipped);
    assert_eq!(kept.real, [OperatingPoint { rate: 0.1, threshold: fit.map.apply(0.5) }]);
    assert!(fit.kept.iter().any(|k| k.starts_with("operating points of real")), "{:?}", fit.kept);
}
