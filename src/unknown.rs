//! Names that are not known, such as a misspelt parameter, field, key or column: what to say about them.

/// The most letters of an unknown name that a message repeats.
const SHOWN: usize = 64;

/// The name of `known` that `name` is most likely a misspelling of: in lower case, with `-` for `_`, at most one letter
/// in three is wrong, missing, added or swapped with its neighbour. The first of several equally near ones.
pub(crate) fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let name = shown(name).to_lowercase().replace('-', "_");
    let near = known.iter().map(|k| (strsim::osa_distance(&name, k), *k));
    let near = near.filter(|(distance, k)| *distance <= (k.chars().count() / 3).max(1));
    near.min_by_key(|(distance, _)| *distance).map(|(_, k)| k)
}

/// What is wrong with a name that is not among `known`, and what to write instead: ``unknown form field `identty`: did
/// you mean `identity`?`` `what` is the kind of name.
pub(crate) fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    let shown = shown(name);
    match (nearest(name, known), known) {
        (Some(near), _) => format!("unknown {what} `{shown}`: did you mean `{near}`?"),
        (None, []) => format!("unknown {what} `{shown}`: none is taken here"),
        (None, [only]) => format!("unknown {what} `{shown}`: the only one is `{only}`"),
        (None, [first @ .., last]) => {
            format!("unknown {what} `{shown}`: choose from `{}` and `{last}`", first.join("`, `"))
        }
    }
}

/// The beginning of a name that somebody sent, without control characters.
pub(crate) fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 4] = ["identity", "timings", "top_k", "target_fpir"];

    #[test]
    fn misspelt_names_are_recognised_and_other_names_are_not() {
        for (name, meant) in [
            ("identty", Some("identity")),
            ("Identity", Some("identity")),
            ("idnetity", Some("identity")),
            ("topk", Some("top_k")),
            ("top-k", Some("top_k")),
            ("target-fprr", Some("target_fpir")),
            ("timing", Some("timings")),
            ("person", None),
            ("", None),
            ("x", None),
        ] {
            assert_eq!(nearest(name, &KNOWN), meant, "{name}");
        }
        assert_eq!(nearest("timings", &["timing", "timings"]), Some("timings"));
    }

    #[test]
    fn the_message_says_what_to_write() {
        assert_eq!(unknown("key", "identty", &KNOWN), "unknown key `identty`: did you mean `identity`?");
        assert_eq!(unknown("key", "x", &[]), "unknown key `x`: none is taken here");
        assert_eq!(unknown("form field", "file", &["image"]), "unknown form field `file`: the only one is `image`");
        assert_eq!(
            unknown("key", "per\u{1b}son", &KNOWN),
            "unknown key `person`: choose from `identity`, `timings`, `top_k` and `target_fpir`"
        );
        assert!(unknown("key", &"y".repeat(1 << 20), &KNOWN).len() < 200);
    }
}
