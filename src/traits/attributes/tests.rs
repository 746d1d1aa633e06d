//! What must hold of every attribute.

use super::*;

#[test]
fn names_are_unique_and_snake_case() {
    for (i, a) in ATTRIBUTES.iter().enumerate() {
        assert!(a.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{}", a.name);
        assert!(!ATTRIBUTES[..i].iter().any(|o| o.name == a.name), "{} twice", a.name);
        assert!(!a.label.is_empty() && !a.unit.is_empty() && !a.source.is_empty(), "{}", a.name);
    }
    assert!(ATTRIBUTES.len() >= 40);
}
