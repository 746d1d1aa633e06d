//! Numbers in words, and as few digits as tell numbers apart.

/// The most digits after the point: beyond these an `f32` between 0 and 1 holds nothing.
const MOST_DIGITS: usize = 9;

/// Within the usual range, a departure of this many standard deviations or more is said to be slight.
pub(super) const SLIGHT_DEVIATION: f32 = 1.0;

/// The adverb for a departure of this many standard deviations, with a space behind it.
pub(super) fn degree(deviation: f32) -> &'static str {
    match deviation.abs() {
        d if d > 6.0 => "far ",
        d if d > 3.0 => "clearly ",
        _ => "",
    }
}

/// The values with the fewest digits after the point, at least `digits`, with which different values print differently.
pub(super) fn distinct<const N: usize>(values: [f32; N], digits: usize) -> [String; N] {
    let printed = |digits: usize| values.map(|v| without_negative_zero(format!("{v:.digits$}")));
    let distinct = |text: &[String; N]| {
        (0..N).all(|i| (0..i).all(|j| values[i].to_bits() == values[j].to_bits() || text[i] != text[j]))
    };
    let mut each = (digits..=MOST_DIGITS).map(printed);
    each.find(distinct).unwrap_or_else(|| printed(digits))
}

fn without_negative_zero(text: String) -> String {
    if text.starts_with('-') && !text.contains(|c: char| ('1'..='9').contains(&c)) { text[1..].into() } else { text }
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn listed(items: &[&str]) -> String {
    match items {
        [] => String::new(),
        [one] => (*one).into(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `text` with its first letter in upper case.
pub(super) fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn as_many_digits_as_tell_the_numbers_apart() {
        assert_eq!(distinct([0.17, 0.4], 2), ["0.17", "0.40"]);
        assert_eq!(distinct([0.1784, 0.1785], 2), ["0.1784", "0.1785"]);
        assert_eq!(distinct([0.999_99, 1.0], 2), ["0.99999", "1.00000"]);
        assert_eq!(distinct([0.5, 0.5], 2), ["0.50", "0.50"]);
        assert_eq!(distinct([-0.04, 0.0], 1), ["-0.04", "0.00"]);
        assert_eq!(distinct([-0.01, 2.0], 1), ["0.0", "2.0"]);
    }

    #[test]
    fn lists_read_as_english() {
        assert_eq!(listed(&["a"]), "a");
        assert_eq!(listed(&["a", "b"]), "a and b");
        assert_eq!(listed(&["a", "b", "c"]), "a, b and c");
    }

    proptest! {
        #[test]
        fn different_scores_never_print_alike(a in 0.0..=1.0f32, b in 0.0..=1.0f32) {
            let [x, y] = distinct([a, b], 2);
            let (x, y): (f64, f64) = (x.parse().unwrap(), y.parse().unwrap());
            prop_assert!((a - b).abs() < 1e-8 || (x < y) == (a < b));
        }
    }
}
