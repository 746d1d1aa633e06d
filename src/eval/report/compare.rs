//! Compares a run with an earlier one.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{ExplanationRow, MeanRow, Report};

/// The changes since an earlier run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Other differences between the runs (folder, people, protocol), which may have caused the changes.
    pub differs: Vec<String>,
    /// Versions of faceward, models and engine, then and now.
    pub versions: [String; 2],
    /// Means that both runs have.
    pub changes: Vec<Change>,
}

/// One mean, then and now.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The degradation.
    pub degrade: String,
    /// As in [`MeanRow::set`].
    pub set: String,
    /// The name of the figure.
    pub figure: String,
    /// The earlier value.
    pub old: f64,
    /// The present value.
    pub new: f64,
    /// Whether more is better; `None` where that depends.
    pub better_up: Option<bool>,
}

impl Change {
    /// The present value less the earlier one.
    pub fn delta(&self) -> f64 {
        self.new - self.old
    }
}

impl Report {
    /// The changes from `old` to this report.
    pub fn compared_with(&self, old: &Self) -> Comparison {
        let versions = |r: &Self| format!("faceward {}, models {}, {}", r.run.faceward, r.run.models, r.run.engine);
        let before: BTreeMap<(&str, &str), &MeanRow> =
            old.means.iter().map(|r| ((r.degrade.as_str(), r.set.as_str()), r)).collect();
        let changes = self.means.iter().flat_map(|new| {
            let old = before.get(&(new.degrade.as_str(), new.set.as_str()));
            old.into_iter().flat_map(move |old| changes(old, new))
        });
        let explained = self.explanations.iter().flat_map(|new| {
            let old = old.explanations.iter().find(|old| old.degrade == new.degrade);
            old.into_iter().flat_map(move |old| explained(old, new))
        });
        Comparison {
            differs: self.differences(old),
            versions: [versions(old), versions(self)],
            changes: changes.chain(explained).collect(),
        }
    }

    fn differences(&self, old: &Self) -> Vec<String> {
        let (a, b) = (&old.run, &self.run);
        let settings = [
            ("folder", a.data.clone(), b.data.clone()),
            ("people", a.identities.join(", "), b.identities.join(", ")),
            ("references", a.refs.to_string(), b.refs.to_string()),
            ("seeds", a.seeds.to_string(), b.seeds.to_string()),
            ("others", a.others.to_string(), b.others.to_string()),
            ("max per set", a.max_per_set.to_string(), b.max_per_set.to_string()),
            ("degradations", a.degrade.join(", "), b.degrade.join(", ")),
        ];
        let changed = settings.into_iter().filter(|(_, a, b)| a != b);
        changed.map(|(name, a, b)| format!("{name}: {a} then, {b} now")).collect()
    }
}

fn changes(old: &MeanRow, new: &MeanRow) -> Vec<Change> {
    let change = |figure: &str, old: Option<f64>, new_value: Option<f64>| {
        let (old, new_value) = (old?, new_value?);
        (old > 0.0 || new_value > 0.0).then(|| Change {
            degrade: new.degrade.clone(),
            set: new.set.clone(),
            figure: figure.into(),
            old,
            new: new_value,
            better_up: better_up(&new.set, figure),
        })
    };
    let named = old.figures.named().into_iter().zip(new.figures.named());
    let mut changes: Vec<Change> = named.filter_map(|((name, old), (_, new))| change(name, old, new)).collect();
    changes.extend(change("worst_auc", old.worst_auc, new.worst_auc));
    changes
}

/// The figures of explanations, under the name of a set `explanations`.
fn explained(old: &ExplanationRow, new: &ExplanationRow) -> Vec<Change> {
    let figures =
        |r: &ExplanationRow| [r.genuine_over_3, r.auc, r.pointing.right_of_named(), r.pointing.right_of_all()];
    let names =
        [("genuine_over_3", false), ("auc", true), ("points_right_of_named", true), ("points_right_of_all", true)];
    let each = names.into_iter().zip(figures(old).into_iter().zip(figures(new)));
    let each = each.filter_map(|((figure, better_up), (old, now))| {
        Some(Change {
            degrade: new.degrade.clone(),
            set: "explanations".into(),
            figure: figure.into(),
            old: old?,
            new: now?,
            better_up: Some(better_up),
        })
    });
    each.collect()
}

/// Whether more of a figure is better for a set.
fn better_up(set: &str, figure: &str) -> Option<bool> {
    match (set, figure) {
        ("real", "real") | (_, "auc" | "worst_auc") | ("other", "different_person") => Some(true),
        ("real", "fake" | "different_person") | (_, "eer" | "real" | "no_face" | "error" | "inconclusive") => {
            Some(false)
        }
        (s, "fake") if s.starts_with("fake") => Some(true),
        _ => None,
    }
}
