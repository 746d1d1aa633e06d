use proptest::prelude::*;

use super::*;
use crate::verdict::Fusion;

const GENERAL: Thresholds = Thresholds {
    real: 0.5,
    fake: 0.25,
    likeness: -0.3,
    target_genuine_called_fake: 0.05,
    target_fake_called_real: 0.1,
    target_fnmr: 0.01,
    similarity: None,
    target_fmr: None,
    min_quality: 5.0,
};

fn points(side: &[[f32; 2]]) -> Vec<OperatingPoint> {
    side.iter().copied().map(Into::into).collect()
}

fn grid() -> OperatingPoints {
    OperatingPoints {
        fake: points(&[[0.01, 0.1], [0.04, 0.2], [0.16, 0.6]]),
        real: points(&[[0.01, 0.8], [0.1, 0.5], [0.3, 0.3]]),
    }
}

fn targets(genuine_called_fake: Option<f32>, fake_called_real: Option<f32>) -> ErrorTargets {
    ErrorTargets { genuine_called_fake, fake_called_real }
}

fn fusion(operating_points: OperatingPoints) -> Fusion {
    Fusion { operating_points, ..Fusion::parse(include_str!("../../../models/fusion.toml")).unwrap() }
}

#[test]
fn a_rate_of_the_grid_gives_its_threshold_and_one_between_the_middle_of_the_logarithms() {
    let t = grid().thresholds(&targets(Some(0.04), None), GENERAL);
    assert_eq!(t, Thresholds { fake: 0.2, target_genuine_called_fake: 0.04, ..GENERAL });
    // .02 is halfway from .01 to .04, as .08 is from .04 to .16.
    let fake = |rate| grid().thresholds(&targets(Some(rate), None), GENERAL).fake;
    assert!((fake(0.02) - 0.15).abs() < 1e-6 && (fake(0.08) - 0.4).abs() < 1e-6);
    let t = grid().thresholds(&targets(Some(0.01), Some(0.01)), GENERAL);
    assert_eq!((t.fake, t.real, t.target_fake_called_real), (0.1, 0.8, 0.01));
    assert_eq!((t.likeness, t.min_quality), (GENERAL.likeness, GENERAL.min_quality));
}

#[test]
fn real_is_raised_to_fake_and_says_the_rate_that_belongs_there() {
    // `fake` at .6 lies a third of the way from .8 to .5 above: fewer fakes are called real than was asked for.
    let t = grid().thresholds(&targets(Some(0.16), Some(0.3)), GENERAL);
    assert_eq!((t.fake, t.real), (0.6, 0.6));
    assert!((t.target_fake_called_real - 0.01 * 10f32.powf(2.0 / 3.0)).abs() < 1e-6, "{t:?}");
    // The general `real` is raised just so.
    let t = grid().thresholds(&targets(Some(0.16), None), GENERAL);
    assert!(t.real == 0.6 && t.target_fake_called_real < GENERAL.target_fake_called_real);
    // Nothing is known of `real`: what it was fitted to before is an upper bound.
    let t = OperatingPoints { real: vec![], ..grid() }.thresholds(&targets(Some(0.16), None), GENERAL);
    assert_eq!((t.real, t.target_fake_called_real), (0.6, GENERAL.target_fake_called_real));
}

#[test]
fn rates_beyond_the_grid_are_refused_and_stored_ones_held_within_it() {
    let known = fusion(grid());
    assert_eq!(known.admits(&targets(Some(0.01), Some(0.3))), Ok(()));
    for (rates, field, least, most) in [
        (targets(Some(0.009), None), "target_genuine_called_fake", 0.01, 0.16),
        (targets(Some(f32::NAN), None), "target_genuine_called_fake", 0.01, 0.16),
        (targets(None, Some(0.31)), "target_fake_called_real", 0.01, 0.3),
        (targets(Some(0.1), Some(-1.0)), "target_fake_called_real", 0.01, 0.3),
    ] {
        assert_eq!(known.admits(&rates), Err(TargetError::OutOfRange { field, least, most }));
    }
    let t = known.with_targets(&targets(Some(0.001), None)).thresholds;
    assert_eq!((t.fake, t.target_genuine_called_fake), (0.1, 0.01), "the nearest point says its own rate");
}

#[test]
fn without_points_targets_are_refused_and_change_nothing() {
    let none = fusion(OperatingPoints::default());
    let refused = none.admits(&targets(None, Some(0.1)));
    assert_eq!(refused, Err(TargetError::Unavailable { field: "target_fake_called_real" }));
    assert!(refused.unwrap_err().to_string().contains("faceward calibrate"));
    assert_eq!(none.admits(&ErrorTargets::default()), Ok(()));
    assert_eq!(none.with_targets(&targets(Some(0.1), Some(0.1))).thresholds, none.thresholds);
}

#[test]
fn only_curves_are_taken() {
    let refused = |fake: &[[f32; 2]], real: &[[f32; 2]]| {
        OperatingPoints { fake: points(fake), real: points(real) }.check().is_err()
    };
    assert!(!refused(&[[0.1, 0.2], [0.2, 0.2]], &[[0.1, 0.2]]) && !refused(&[], &[]));
    assert!(refused(&[[0.1, 0.3], [0.2, 0.2]], &[]), "a threshold that falls");
    assert!(refused(&[], &[[0.1, 0.2], [0.2, 0.3]]), "a threshold that rises");
    assert!(refused(&[[0.2, 0.2], [0.2, 0.3]], &[]), "a rate twice");
    assert!(refused(&[[0.0, 0.2]], &[]) && refused(&[[0.1, 1.1]], &[]) && refused(&[[f32::NAN, 0.1]], &[]));
    assert!(refused(&[], &[[0.1, f32::NAN]]));
    // In the file of coefficients too.
    let read = |fake: &[[f32; 2]]| {
        let written = fusion(OperatingPoints { fake: points(fake), real: vec![] });
        Fusion::parse(&toml::to_string(&written).unwrap()).map(|read| read == written)
    };
    assert_eq!(read(&[[0.1, 0.2], [0.2, 0.3]]), Ok(true));
    assert!(read(&[[0.2, 0.1], [0.1, 0.2]]).is_err());
}

/// A side of a few points, thresholds ascending.
fn side() -> impl Strategy<Value = Vec<OperatingPoint>> {
    prop::collection::btree_map(1..500u16, 0.0..=1.0f32, 0..8).prop_map(|pairs| {
        let mut thresholds: Vec<f32> = pairs.values().copied().collect();
        thresholds.sort_by(f32::total_cmp);
        let rates = pairs.keys().map(|r| f32::from(*r) / 1000.0);
        rates.zip(thresholds).map(|(rate, threshold)| OperatingPoint { rate, threshold }).collect()
    })
}

fn any_points() -> impl Strategy<Value = OperatingPoints> {
    (side(), side()).prop_map(|(fake, real)| {
        let falling = real.iter().rev().map(|p| p.threshold);
        let real = real.iter().zip(falling).map(|(p, threshold)| OperatingPoint { threshold, ..*p }).collect();
        OperatingPoints { fake, real }
    })
}

proptest! {
    #[test]
    fn thresholds_are_monotone_in_the_rates_and_always_fit_to_decide(
        points in any_points(), a in 0.0..1.0f32, b in 0.0..1.0f32, other in prop::option::of(0.0..1.0f32),
    ) {
        prop_assert!(points.check().is_ok());
        let (low, high) = (a.min(b), a.max(b));
        let fake = |rate| points.thresholds(&targets(Some(rate), other), GENERAL);
        let real = |rate| points.thresholds(&targets(other, Some(rate)), GENERAL);
        for t in [fake(low), fake(high), real(low), real(high)] {
            prop_assert!(t.check().is_ok(), "{t:?}");
        }
        prop_assert!(fake(low).fake <= fake(high).fake + 1e-6);
        prop_assert!(real(low).real + 1e-6 >= real(high).real);
        // More genuine photographs called fake never means more fakes called real.
        prop_assert!(fake(low).target_fake_called_real + 1e-6 >= fake(high).target_fake_called_real);
    }

    #[test]
    fn the_rate_of_a_threshold_is_the_one_that_gives_it(points in any_points(), rate in 0.001..0.5f32) {
        if let Some(point) = at_rate(&points.real, rate) {
            let back = at_rate(&points.real, rate_from(&points.real, point.threshold).unwrap()).unwrap();
            prop_assert!((back.threshold - point.threshold).abs() < 1e-3, "{point:?} {back:?}");
        }
    }
}
