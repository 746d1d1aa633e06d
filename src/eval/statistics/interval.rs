//! How much a figure would move with other people.
//!
//! Photographs of one person resemble each other, so counting them as independent would make intervals far too narrow.
//! The bootstrap here draws people.

use super::mean;

/// Draws of the bootstrap.
const ROUNDS: usize = 2000;
/// With fewer people than this an interval says nothing.
const LEAST_PEOPLE: usize = 3;

/// The 95 % interval of the mean over all values, by the percentile bootstrap over people (Efron 1979): each of
/// `people` holds the values of one person, and people are drawn with replacement. Reproducible: the draws are the
/// same at every call. `None` with fewer than three people that have a value.
pub fn mean_interval(people: &[Vec<f64>]) -> Option<[f64; 2]> {
    let people: Vec<&Vec<f64>> = people.iter().filter(|p| !p.is_empty()).collect();
    if people.len() < LEAST_PEOPLE {
        return None;
    }
    let mut random = Splitmix(0x5eed);
    let mut means: Vec<f64> = (0..ROUNDS)
        .filter_map(|_| {
            let drawn = (0..people.len()).flat_map(|_| people[random.below(people.len())].iter().copied());
            mean(&drawn.collect::<Vec<f64>>())
        })
        .collect();
    means.sort_by(f64::total_cmp);
    let at = |q: f64| means[((means.len() - 1) as f64 * q).round() as usize];
    Some([at(0.025), at(0.975)])
}

/// Splitmix64 (Steele, Lea and Flood 2014): small, and good enough to draw people with.
struct Splitmix(u64);

impl Splitmix {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
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
    fn it_covers_the_mean_and_is_of_the_expected_width() {
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
