//! What lies in a folder and is not read: counted and listed, so that nobody takes it for verified.

use std::collections::BTreeMap;

use faceward::imaging::LeftOut;
use serde_json::{Value, json};

use super::open::plain;

/// The most files listed on a terminal.
const LISTED: usize = 20;

/// Prints the number of files per reason and the first of them to standard error.
pub(super) fn print(left_out: &[LeftOut]) {
    let mut counts = BTreeMap::new();
    for it in left_out {
        *counts.entry(it.why).or_insert(0) += 1;
    }
    for (why, n) in counts {
        eprintln!("left out: {n}, {}", why.text());
    }
    for it in left_out.iter().take(LISTED) {
        eprintln!("  {}: {}", plain(&it.path), it.why.text());
    }
    if left_out.len() > LISTED {
        eprintln!("  and {} more", left_out.len() - LISTED);
    }
}

/// All of them, each with its path and the reason.
pub(super) fn json(left_out: &[LeftOut]) -> Value {
    left_out.iter().map(|it| json!({ "path": it.path.to_string_lossy(), "reason": it.why.text() })).collect()
}
