//! Acts on the service: verdicts, enrollments, erasures, images given out.

use std::ops::Deref;
use std::path::Path;

use uuid::Uuid;

use super::{Acting, RecordedService, RecordedStore};
use crate::audit::{Event, VerifyRecord};
use crate::identity::{IdentityFields, IdentityId, IdentityRecord, SampleKind, SampleSet};
use crate::imaging::DecodeLimits;
use crate::service::{
    EnrollmentReport, Refreshed, Service, ServiceError, StartError, Upload, Verification, VerifyOptions,
};
use crate::store::{ErasureReason, ErasureReceipt};
use crate::vault::MasterKeySource;

/// Reading needs no record. The methods of [`Service`] that act are not public.
impl Deref for RecordedService {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.target
    }
}

impl RecordedService {
    /// Opens the service over the networks in `models` and the data folder `data`, which is created where it is
    /// missing, with the default engine and limits, the master key beside the data, and the operator's own calibration
    /// where `data` holds one. For other settings see [`RecordedStore::into_service`].
    ///
    /// # Errors
    /// A [`StartError`].
    pub fn open(models: &Path, data: &Path) -> Result<Self, StartError> {
        let store = RecordedStore::open(data, &MasterKeySource::Beside)?;
        store.into_service(|store| Service::open(models, store, DecodeLimits::default())?.calibrated_by(data))
    }
}

impl Acting<'_, Service> {
    /// Verifies one encoded image. With `claimed`, every face is compared with that identity and the most
    /// alarming of those that depict it decides; without, everybody enrolled is searched for each face. Uses the service's own settings.
    ///
    /// # Errors
    /// An image that cannot be decoded, an unknown identity or one without references, a failing network.
    pub fn verify(&self, bytes: &[u8], claimed: Option<&IdentityId>) -> Result<Verification, ServiceError> {
        self.verify_with(bytes, claimed, &VerifyOptions::default())
    }

    /// Like [`Acting::verify`], with what a request asks for.
    ///
    /// # Errors
    /// As [`Acting::verify`]; an option that is out of range or does not fit the request.
    pub fn verify_with(
        &self,
        bytes: &[u8],
        claimed: Option<&IdentityId>,
        options: &VerifyOptions,
    ) -> Result<Verification, ServiceError> {
        let service = self.target();
        // Who opens a case looks at what a review shows.
        let asked = VerifyOptions { review: options.review || service.may_keep_cases(), ..options.clone() };
        let mut answer = service.verify_with(bytes, claimed, &asked)?;
        answer.case = service.keeps_case(answer.identity.is_some()).then(Uuid::now_v7);
        let subject = answer.identity.as_ref().and_then(|i| i.id.parse().ok()).map(|id| self.subject(&id));
        let head = self.recorded(&Event::Verified(Box::new(verify_record(&answer, claimed.is_some(), subject))))?;
        if let Some(id) = answer.case {
            self.keep_case(id, &answer, claimed.is_some(), head, bytes);
        }
        if !options.review {
            answer.faces.iter_mut().for_each(|face| face.review = None);
        }
        Ok(answer)
    }

    /// Creates an identity or replaces its fields; `true` when it was created.
    ///
    /// # Errors
    /// A field that is not acceptable, or an error rate for which no thresholds are known; a failing store.
    pub fn put_identity(
        &self,
        id: &IdentityId,
        fields: &IdentityFields,
    ) -> Result<(IdentityRecord, bool), ServiceError> {
        let (record, created) = self.target().put_identity(id, fields)?;
        self.record(&Event::IdentityWritten { subject: self.subject(id), created })?;
        Ok((record, created))
    }

    /// Enrolls images as samples of this kind: photographs of the identity, other people, or fakes of it. Each is
    /// accepted or rejected with a reason; the report says which. A negative needs a reference first, and the face most
    /// like the identity is taken from it.
    ///
    /// # Errors
    /// When there is no such identity, no reference yet for a negative, or the store or a network fails. Nothing is
    /// enrolled then.
    pub fn enroll(
        &self,
        id: &IdentityId,
        kind: SampleKind,
        uploads: &[Upload],
    ) -> Result<EnrollmentReport, ServiceError> {
        let report = self.target().enroll(id, kind, uploads)?;
        self.record(&Event::SamplesAdded {
            subject: self.subject(id),
            kind,
            accepted: report.accepted.iter().map(|a| a.reference_id).collect(),
            refused: report.rejected.iter().map(|r| r.code).collect(),
        })?;
        Ok(report)
    }

    /// Reads the identity's samples of earlier networks again, where their images are kept. There is no record where
    /// none was read.
    ///
    /// # Errors
    /// When there is no such identity; a failing store or network. Nothing has changed then.
    pub fn refresh(&self, id: &IdentityId) -> Result<Refreshed, ServiceError> {
        let refreshed = self.target().refresh(id)?;
        if !refreshed.read.is_empty() {
            self.record(&Event::SamplesReadAgain { subject: self.subject(id), samples: refreshed.read.clone() })?;
        }
        Ok(refreshed)
    }

    /// Erases an identity with its key and everything kept of it.
    ///
    /// # Errors
    /// When there is none; a failing store.
    pub fn erase_identity(&self, id: &IdentityId, reason: ErasureReason) -> Result<ErasureReceipt, ServiceError> {
        let receipt = self.target().delete_identity(id, reason)?;
        self.record(&Event::erased(&receipt))?;
        Ok(receipt)
    }

    /// Erases one sample of this set.
    ///
    /// # Errors
    /// When there is none; a failing store.
    pub fn erase_sample(&self, id: &IdentityId, set: SampleSet, sample: Uuid) -> Result<(), ServiceError> {
        self.target().delete_sample(id, set, sample)?;
        self.record(&Event::SampleErased { subject: self.subject(id), sample })
    }

    /// Gives out the encoded image of a sample of this set; `None`, and no record, where it is not kept.
    ///
    /// # Errors
    /// When there is no such sample; a failing store.
    pub fn image(&self, id: &IdentityId, set: SampleSet, sample: Uuid) -> Result<Option<Vec<u8>>, ServiceError> {
        let image = self.target().image(id, set, sample)?;
        if image.is_some() {
            self.record(&Event::ImageRead { subject: self.subject(id), sample })?;
        }
        Ok(image)
    }

    /// Records that a server begins to serve, and whether it asks for keys.
    ///
    /// # Errors
    /// When it cannot be recorded.
    pub fn started(&self, authenticates: bool) -> Result<(), ServiceError> {
        self.record(&Event::Started { versions: self.target().versions().clone(), authenticates })
    }

    /// Records that a server ended in order.
    ///
    /// # Errors
    /// When it cannot be recorded.
    pub fn stopped(&self) -> Result<(), ServiceError> {
        self.record(&Event::Stopped {})
    }
}

/// The record of an answer; `subject` is the pseudonym of its identity.
fn verify_record(answer: &Verification, claimed: bool, subject: Option<String>) -> VerifyRecord {
    let mut face_thresholds: Vec<_> = answer.faces.iter().map(|f| f.thresholds).collect();
    if face_thresholds.iter().flatten().all(|t| *t == answer.thresholds) {
        face_thresholds.clear();
    }
    VerifyRecord {
        image_sha256: answer.image.sha256.clone(),
        claimed,
        subject,
        verdict: answer.verdict,
        score: answer.score,
        faces: answer.faces.iter().map(|f| f.verdict).collect(),
        thresholds: answer.thresholds,
        face_thresholds,
        versions: answer.versions.clone(),
        case: answer.case,
    }
}
