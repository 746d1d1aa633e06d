//! The figures of one row.

use serde::{Deserialize, Serialize};

use crate::eval::Record;
use crate::eval::statistics::mean;
use crate::verdict::Verdict;

/// Shares are of all answers and sum to 1. AUC and EER compare genuine photographs with the row's set, and are absent
/// for genuine photographs themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// The area under the ROC curve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auc: Option<f64>,
    /// The equal error rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eer: Option<f64>,
    /// Called real.
    pub real: f64,
    /// Called fake.
    pub fake: f64,
    /// Called a different person.
    pub different_person: f64,
    /// Left undecided.
    pub inconclusive: f64,
    /// Without a face.
    pub no_face: f64,
    /// Failed.
    pub error: f64,
}

impl Figures {
    /// The shares of verdicts among `records`; AUC and EER are left out.
    pub fn of(records: &[&Record]) -> Self {
        let share = |of: Option<Verdict>| {
            records.iter().filter(|r| r.verdict == of).count() as f64 / records.len().max(1) as f64
        };
        Self {
            auc: None,
            eer: None,
            real: share(Some(Verdict::Real)),
            fake: share(Some(Verdict::Fake)),
            different_person: share(Some(Verdict::DifferentPerson)),
            inconclusive: share(Some(Verdict::Inconclusive)),
            no_face: share(Some(Verdict::NoFace)),
            error: share(None),
        }
    }

    /// The figure of that name; `None` where there is none.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.named().into_iter().find(|(n, _)| *n == name)?.1
    }

    /// Each figure with its name.
    pub fn named(&self) -> [(&'static str, Option<f64>); 8] {
        [
            ("auc", self.auc),
            ("eer", self.eer),
            ("real", Some(self.real)),
            ("fake", Some(self.fake)),
            ("different_person", Some(self.different_person)),
            ("inconclusive", Some(self.inconclusive)),
            ("no_face", Some(self.no_face)),
            ("error", Some(self.error)),
        ]
    }

    /// The mean of each figure over the rows that have it.
    pub fn mean(rows: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> Option<f64>| mean(&rows.iter().filter_map(figure).collect::<Vec<f64>>());
        let share = |figure: fn(&Self) -> f64| mean(&rows.iter().map(figure).collect::<Vec<f64>>()).unwrap_or_default();
        Self {
            auc: of(|f| f.auc),
            eer: of(|f| f.eer),
            real: share(|f| f.real),
            fake: share(|f| f.fake),
            different_person: share(|f| f.different_person),
            inconclusive: share(|f| f.inconclusive),
            no_face: share(|f| f.no_face),
            error: share(|f| f.error),
        }
    }
}
