//! One face held against one identity.

use super::report::{CopyReport, IdentityName};
use super::{Enrolled, StabilityReport};
use crate::identity::SampleKind;
use crate::verdict::{Decision, Evidence};

/// What came of it.
pub(super) struct Compared<'a> {
    pub(super) enrolled: &'a Enrolled,
    pub(super) evidence: Evidence,
    pub(super) decision: Decision,
    /// `None` where it was not checked.
    pub(super) stability: Option<StabilityReport>,
}

impl Compared<'_> {
    /// The enrolled image that the face's picture is a copy of.
    pub(super) fn copy_of(&self) -> Option<CopyReport> {
        let copy = self.evidence.copy?;
        let is_reference = |kind| kind == SampleKind::Reference;
        // The profile holds references and negatives apart, each in the order of the samples.
        let mut alike = self.enrolled.samples.iter().filter(|s| is_reference(s.kind) == is_reference(copy.kind));
        let sample = alike.nth(copy.index)?;
        Some(CopyReport { kind: copy.kind, id: sample.id, distance: copy.distance })
    }
}

impl Enrolled {
    /// How answers name it.
    pub(super) fn name(&self) -> IdentityName {
        IdentityName { id: self.record.id.to_string(), display_name: self.record.fields.display_name.clone() }
    }
}
