//! Confidence intervals of means over people.
//!
//! Photographs of one person are not independent, so the bootstrap draws people: drawing photographs would make the
//! intervals far too narrow.

use rand::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;

use super::mean;

/// Draws of the bootstrap.
const ROUNDS: usize = 2000;
/// The fewest people that an interval is computed for.
const LEAST_PEOPLE: usize = 3;

/// The 95 % interval of the mean over all values, by the percentile bootstrap (Efron 1979): each of `people` holds the
/// values of one person, and people are drawn with replacement. Every call makes the same draws. `None` with fewer than
/// three people with a value.
pub fn mean_interval(people: &[Vec<f64>]) -> Option<[f64; 2]> {
    let people: Vec<&Vec<f64>> = people.iter().filter(|p| !p.is_empty()).collect();
    if people.len() < LEAST_PEOPLE {
        return None;
    }
    let mut random = SplitMix64::seed_from_u64(0x5eed);
    let mut drawn = || &people[(random.next_u64() % people.len() as u64) as usize];
    let mut means: Vec<f64> = (0..ROUNDS)
        .filter_map(|_| {
            let values = (0..people.len()).flat_map(|_| drawn().iter().copied());
            mean(&values.collect::<Vec<f64>>())
        })
        .collect();
    means.sort_by(f64::total_cmp);
    let at = |q: f64| means[((means.len() - 1) as f64 * q).round() as usize];
    Some([at(0.025), at(0.975)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_people_have_no_interval_and_equal_ones_a_point() {
        assert_eq!(mean_interval(&[vec![0.5], vec![0.6], vec![]]), None);
        assert_eq!(mean_interval(&vec![vec![0.5, 0.5]; 4]), Some([0.5, 0.5]));
    }

    #[test]
    fn it_covers_the_mean_with_the_expected_width() {
        let people: Vec<Vec<f64>> = (0..50).map(|i| vec![f64::from(i % 2)]).collect();
        let [low, high] = mean_interval(&people).unwrap();
        assert!(low < 0.5 && 0.5 < high);
        // The standard error of a share of one half over 50 is .0707; the interval spans 3.92 of them.
        assert!(((high - low) - 0.277).abs() < 0.05, "{low} {high}");
        assert_eq!(mean_interval(&people), Some([low, high]));
    }

    #[test]
    fn many_photographs_of_one_person_do_not_narrow_it() {
        let few: Vec<Vec<f64>> = (0..10).map(|i| vec![f64::from(i) / 10.0]).collect();
        let many: Vec<Vec<f64>> = (0..10).map(|i| vec![f64::from(i) / 10.0; 100]).collect();
        let width = |p: &[Vec<f64>]| mean_interval(p).map(|[a, b]| b - a).unwrap();
        assert!((width(&few) - width(&many)).abs() < 1e-9);
    }
}
