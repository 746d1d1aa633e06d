//! Cases: verdicts that are kept for a while for reviewers.
//!
//! A verdict does not wait for its case: cases are written behind it, many in one transaction, within a second. A crash
//! can lose the last ones; the audit log, which is written before the answer, has their verdicts.

mod comment;
mod page;
mod report;
mod sweep;
mod view;
mod waiting;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{IdentityName, Service, ServiceError};
use crate::identity::IdentityId;
use crate::store::{
    Case, CaseBounds, CaseDecision, CaseFilter, CaseRecord, CasesKept, NewCase, Ruling, StoreError, Swept,
};
use crate::verdict::Verdict;

pub use comment::COMMENT_MAX;
use comment::check_comment;
pub use page::report_page;
pub use report::CaseReport;
pub use sweep::CaseSweep;
pub use view::{CaseDecisionReport, CaseDetails, CaseSummary};
pub(super) use waiting::Waiting;

/// Which verdicts become cases, and for how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CasePolicy {
    /// The verdicts that become cases.
    pub kept: CasesKept,
    /// How long a case is kept.
    pub ttl: SignedDuration,
    /// The most cases.
    pub most: u64,
    /// Whether their pictures are kept too.
    pub pictures: bool,
    /// How long a picture is kept.
    pub pictures_ttl: SignedDuration,
    /// The most bytes of pictures.
    pub picture_bytes: u64,
}

/// No cases, and none of those that there are is erased before its time.
impl Default for CasePolicy {
    fn default() -> Self {
        Self {
            kept: CasesKept::None,
            ttl: SignedDuration::from_hours(24 * 90),
            most: u64::MAX,
            pictures: false,
            pictures_ttl: SignedDuration::from_hours(24 * 30),
            picture_bytes: u64::MAX,
        }
    }
}

impl CasePolicy {
    /// Whether a verdict becomes a case.
    fn keeps(&self, about_somebody: bool) -> bool {
        let wanted = match self.kept {
            CasesKept::None => false,
            CasesKept::Identified => about_somebody,
            CasesKept::All => true,
        };
        wanted && self.most > 0 && self.ttl.is_positive()
    }

    /// What may be kept at `now`.
    fn bounds(&self, now: Timestamp) -> CaseBounds {
        let before = |ttl: SignedDuration| now.checked_sub(ttl).unwrap_or(Timestamp::MIN);
        let pictures = if self.pictures { self.pictures_ttl.min(self.ttl) } else { SignedDuration::ZERO };
        CaseBounds {
            cases_before: before(self.ttl),
            pictures_before: before(pictures),
            cases: self.most,
            picture_bytes: self.picture_bytes,
        }
    }

    /// When a case of this time goes by its age.
    pub fn expiry(&self, made_at: Timestamp) -> Option<Timestamp> {
        made_at.checked_add(self.ttl).ok()
    }

    /// When the picture of a case of this time goes by its age.
    pub fn picture_expiry(&self, made_at: Timestamp) -> Option<Timestamp> {
        made_at.checked_add(self.pictures_ttl.min(self.ttl)).ok()
    }
}

impl Service {
    /// The service that keeps cases by this policy.
    #[must_use]
    pub fn with_cases(mut self, policy: CasePolicy) -> Self {
        self.cases = policy;
        self
    }

    /// Which cases are kept.
    pub fn case_policy(&self) -> &CasePolicy {
        &self.cases
    }

    /// The name of an identity in answers; its id, where it is not known here any more.
    pub fn name_of(&self, id: &IdentityId) -> IdentityName {
        let unknown = |_| IdentityName { id: id.to_string(), display_name: id.to_string() };
        self.gallery.get(id).map_or_else(unknown, |enrolled| enrolled.name())
    }

    /// Writes the cases that wait.
    ///
    /// # Errors
    /// When the store fails; they go on waiting, as long as there are not too many.
    pub fn flush_cases(&self) -> Result<(), StoreError> {
        self.waiting.flush(self.store.as_ref())
    }

    /// Whether any verdict may become a case.
    pub(super) fn may_keep_cases(&self) -> bool {
        self.cases.keeps(true)
    }

    /// Whether a verdict becomes a case.
    pub(super) fn keeps_case(&self, about_somebody: bool) -> bool {
        self.cases.keeps(about_somebody)
    }

    /// Has a case written soon. `image` is kept where pictures are.
    pub(super) fn keep_case(&self, record: CaseRecord, answer: Vec<u8>, image: &[u8]) {
        let keep = self.cases.pictures && self.cases.pictures_ttl.is_positive();
        let picture = keep.then(|| image.to_vec());
        self.waiting.push(NewCase { record, answer, picture }, self.store.as_ref());
    }

    pub(super) fn case(&self, id: Uuid) -> Result<Case, ServiceError> {
        self.flush_cases()?;
        self.store.case(id)?.ok_or_else(|| ServiceError::UnknownCase(id.to_string()))
    }

    pub(super) fn cases(
        &self,
        filter: &CaseFilter,
        before: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<CaseRecord>, ServiceError> {
        self.flush_cases()?;
        Ok(self.store.cases(filter, before, limit)?)
    }

    pub(super) fn decide_case(&self, id: Uuid, decision: &CaseDecision) -> Result<(), ServiceError> {
        if let Some(comment) = &decision.comment {
            check_comment(comment)?;
        }
        self.flush_cases()?;
        if self.store.decide(id, decision)? { Ok(()) } else { Err(ServiceError::UnknownCase(id.to_string())) }
    }

    pub(super) fn case_picture(&self, id: Uuid) -> Result<Option<Vec<u8>>, ServiceError> {
        Ok(self.store.case_picture(id)?)
    }

    /// The number of cases by verdict and latest decision.
    ///
    /// # Errors
    /// When the store fails.
    pub fn rulings(&self) -> Result<Vec<(Verdict, Ruling, u64)>, ServiceError> {
        Ok(self.store.rulings()?)
    }

    pub(super) fn sweep_cases(&self, now: Timestamp) -> Result<Swept, ServiceError> {
        self.flush_cases()?;
        Ok(self.store.sweep_cases(&self.cases.bounds(now))?)
    }
}
