//! Acts on cases: what is looked at and what is decided.

use jiff::Timestamp;
use uuid::Uuid;

use super::Acting;
use crate::audit::{Actor, Event, Head};
use crate::identity::{IdentityId, SampleKind};
use crate::service::{EnrollmentReport, Service, ServiceError, Upload, Verification};
use crate::store::{Case, CaseDecision, CaseFilter, CaseRecord, Ruling, Swept};

/// A picture of a case to be enrolled.
pub struct CaseSample {
    /// The kind of sample that the picture becomes.
    pub kind: SampleKind,
    /// The identity that gets the sample; `None`: the identity of the case.
    pub identity: Option<IdentityId>,
    /// The picture, needed where the store has not kept it.
    pub image: Option<Upload>,
}

impl Acting<'_, Service> {
    /// The id of the key that acts.
    fn key(&self) -> Option<String> {
        match &self.author.actor {
            Actor::Key(id) => Some(id.clone()),
            _ => None,
        }
    }

    fn subject_of(&self, record: &CaseRecord) -> Option<String> {
        record.identity.as_ref().map(|id| self.subject(id))
    }

    /// Keeps the case of a verdict that was recorded as `head`.
    pub(super) fn keep_case(&self, id: Uuid, answer: &Verification, claimed: bool, head: Head, image: &[u8]) {
        let json = match serde_json::to_vec(answer) {
            Ok(json) => json,
            Err(e) => return tracing::error!(cause = %e, "a case was not kept"),
        };
        let record = CaseRecord {
            id,
            made_at: Timestamp::now(),
            request: self.author.request.clone(),
            key: self.key(),
            identity: answer.identity.as_ref().and_then(|identity| identity.id.parse().ok()),
            claimed,
            image_sha256: answer.image.sha256.clone(),
            verdict: answer.verdict,
            score: answer.score,
            audit_head: head.to_string(),
            ruling: None,
            has_picture: false,
        };
        self.target().keep_case(record, json, image);
    }

    /// Opens a case.
    ///
    /// # Errors
    /// When there is none; a failing store.
    pub fn case(&self, id: Uuid) -> Result<Case, ServiceError> {
        let case = self.target().case(id)?;
        self.record(&Event::CaseRead { subject: self.subject_of(&case.record), case: id })?;
        Ok(case)
    }

    /// At most `limit` cases that `filter` lets pass, older than the case `before`, the latest first.
    ///
    /// # Errors
    /// A failing store.
    pub fn cases(
        &self,
        filter: &CaseFilter,
        before: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<CaseRecord>, ServiceError> {
        let found = self.target().cases(filter, before, limit)?;
        let subject = filter.identity.as_ref().map(|id| self.subject(id));
        self.record(&Event::CasesListed { subject, cases: found.len() })?;
        Ok(found)
    }

    /// Decides a case; returns the decision and the case's verdict.
    ///
    /// # Errors
    /// When there is none, or the comment is not acceptable; a failing store.
    pub fn decide_case(
        &self,
        id: Uuid,
        ruling: Ruling,
        comment: Option<String>,
    ) -> Result<(CaseDecision, CaseRecord), ServiceError> {
        let record = self.target().case(id)?.record;
        let decision = CaseDecision { ruling, comment, key: self.key(), made_at: Timestamp::now() };
        self.target().decide_case(id, &decision)?;
        let (subject, verdict) = (self.subject_of(&record), record.verdict);
        self.record(&Event::CaseDecided { subject, case: id, verdict, decision: ruling })?;
        Ok((decision, record))
    }

    /// Gives out the picture of a case; `None`, and no record, where it is not kept.
    ///
    /// # Errors
    /// When there is no such case; a failing store.
    pub fn case_picture(&self, id: Uuid) -> Result<Option<Vec<u8>>, ServiceError> {
        let record = self.target().case(id)?.record;
        let picture = self.target().case_picture(id)?;
        if picture.is_some() {
            self.record(&Event::CasePictureRead { subject: self.subject_of(&record), case: id })?;
        }
        Ok(picture)
    }

    /// Opens a case for a report, with its picture where it is kept and wanted.
    ///
    /// # Errors
    /// When there is none; a failing store.
    pub fn case_for_report(&self, id: Uuid, with_picture: bool) -> Result<(Case, Option<Vec<u8>>), ServiceError> {
        let case = self.target().case(id)?;
        let picture = if with_picture { self.target().case_picture(id)? } else { None };
        let (subject, picture_read) = (self.subject_of(&case.record), picture.is_some());
        self.record(&Event::CaseReported { subject, case: id, picture: picture_read })?;
        Ok((case, picture))
    }

    /// Enrolls the picture of a case, kept or sent again.
    ///
    /// # Errors
    /// When there is no such case; when the picture is neither kept nor sent, or another one is sent; when the case is
    /// about nobody and no identity is named; as [`Acting::enroll`].
    pub fn enroll_case(&self, id: Uuid, sample: CaseSample) -> Result<EnrollmentReport, ServiceError> {
        let record = self.target().case(id)?.record;
        let CaseSample { kind, identity, image } = sample;
        let Some(identity) = identity.or_else(|| record.identity.clone()) else {
            let text = "identity: the case is about nobody: say whom the picture is to be added to";
            return Err(ServiceError::InvalidField(text.into()));
        };
        let image = match image {
            Some(image) => image,
            None => self
                .target()
                .case_picture(id)?
                .map(|bytes| Upload { filename: Some(format!("case {id}")), bytes })
                .ok_or(ServiceError::PictureNotKept)?,
        };
        if crate::service::sha256(&image.bytes) != record.image_sha256 {
            return Err(ServiceError::PictureDiffers(record.image_sha256));
        }
        let report = self.enroll(&identity, kind, &[image])?;
        let samples = report.accepted.iter().map(|accepted| accepted.reference_id).collect();
        self.record(&Event::CaseEnrolled { subject: self.subject(&identity), case: id, samples })?;
        Ok(report)
    }

    /// Erases the cases and pictures that are past their time or too many at `now`.
    pub(in crate::service) fn sweep_cases(&self, now: Timestamp) -> Result<(), ServiceError> {
        let swept = self.target().sweep_cases(now)?;
        let Swept { cases, pictures } = swept;
        if swept == Swept::default() {
            return Ok(());
        }
        self.record(&Event::CasesSwept { cases, pictures })
    }
}
