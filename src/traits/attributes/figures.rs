//! The measured figures of each attribute, as `examples/repeatability.rs` prints them.

/// Name; then, in the attribute's unit: the standard deviation of repeated readings of one photograph, over different
/// photographs of one person, and between people's means.
const FIGURES: &[(&str, [f32; 3])] = &[];

/// The three figures of `name`; zeros where it was not measured yet.
pub(super) const fn of(name: &str) -> [f32; 3] {
    let mut i = 0;
    while i < FIGURES.len() {
        if same(FIGURES[i].0, name) {
            return FIGURES[i].1;
        }
        i += 1;
    }
    [0.0; 3]
}

/// Whether two strings are equal, where `==` cannot be used yet.
const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::super::ATTRIBUTES;
    use super::*;

    #[test]
    fn every_figure_belongs_to_an_attribute() {
        for (name, _) in FIGURES {
            assert!(ATTRIBUTES.iter().any(|a| a.name == *name), "{name}");
        }
    }
}
