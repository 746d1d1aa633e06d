//! Identities, references and negatives.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Enrolled, Service, ServiceError};
use crate::error_code::ErrorCode;
use crate::identity::{
    Candidate, IdentityFields, IdentityId, IdentityRecord, Profile, Refusal, Sample, SampleKind, admit,
};
use crate::store::{ErasureReason, ErasureReceipt};
use crate::template::{Embedding, Template};

/// One image to enroll.
pub struct Upload {
    /// The name that it came with.
    pub filename: Option<String>,
    /// The encoded image.
    pub bytes: Vec<u8>,
}

/// One image that was taken.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Accepted {
    /// Its place among the images sent, from 0.
    pub index: usize,
    /// The name that it came with.
    pub filename: Option<String>,
    /// Its id from now on.
    pub reference_id: Uuid,
    /// How well the face can be read, 0..=100.
    pub quality: f32,
    /// Faces in the image; where there are several, the one that agrees with the other photographs was taken.
    pub faces: usize,
}

/// One image that was refused.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Rejected {
    /// Its place among the images sent, from 0.
    pub index: usize,
    /// The name that it came with.
    pub filename: Option<String>,
    /// A stable code, see docs/errors.md.
    pub code: ErrorCode,
    /// Why, as a sentence.
    pub detail: String,
}

/// What is known of a person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProfileReport {
    /// References that it was fitted on.
    pub references: usize,
    /// Negatives that it knows.
    pub negatives: usize,
    /// For each embedding, the cosine that a further genuine photograph is expected to have, and its spread.
    pub expected_likeness: Vec<[f32; 2]>,
    /// What the operator should know of it, for example that references are few.
    pub remark: String,
}

/// What became of an enrollment.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EnrollmentReport {
    /// What was taken.
    pub accepted: Vec<Accepted>,
    /// What was refused, and why.
    pub rejected: Vec<Rejected>,
    /// The profile as it stands now; `null` without a reference.
    pub profile: Option<ProfileReport>,
}

/// The longest file name kept, in characters.
const MAX_FILENAME: usize = 255;

impl ProfileReport {
    pub(super) fn of(profile: &Profile) -> Self {
        let n = profile.references;
        let remark = match n {
            1 => "one reference: this person's own variation is taken from the population; expect more undecided faces",
            2..=4 => "few references: this person's own variation is known only roughly; five or more are better",
            _ => "enough references to know this person's own variation",
        };
        let genuine = |e: Embedding| profile.embedding(e).genuine;
        Self {
            references: n,
            negatives: profile.negatives().len(),
            expected_likeness: Embedding::ALL.map(|e| [genuine(e).centre, genuine(e).deviation]).into(),
            remark: remark.into(),
        }
    }
}

impl Service {
    /// Creates an identity or replaces its fields; `true` when it was created.
    ///
    /// # Errors
    /// A field that is not acceptable, or an error rate for which no thresholds are known; a failing store.
    pub fn put_identity(
        &self,
        id: &IdentityId,
        fields: &IdentityFields,
    ) -> Result<(IdentityRecord, bool), ServiceError> {
        let now = Timestamp::now();
        fields.check(now).map_err(ServiceError::InvalidField)?;
        self.fusion.admits(&fields.targets)?;
        let _writing = self.writing.lock().map_err(|_| ServiceError::Poisoned)?;
        let done = self.store.put_identity(id, fields, now)?;
        self.gallery.refresh(self.store.as_ref(), id, &self.population)?;
        Ok(done)
    }

    /// One identity with its samples and profile.
    ///
    /// # Errors
    /// When there is none.
    pub fn identity(&self, id: &IdentityId) -> Result<Arc<Enrolled>, ServiceError> {
        self.gallery.get(id)
    }

    /// At most `limit` identities behind `after`, in the order of ids.
    ///
    /// # Errors
    /// When the service is in an undefined state.
    pub fn identities(&self, after: Option<&IdentityId>, limit: usize) -> Result<Vec<Arc<Enrolled>>, ServiceError> {
        self.gallery.page(after, limit)
    }

    /// The profile of an identity, for a reader.
    pub fn profile_report(enrolled: &Enrolled) -> Option<ProfileReport> {
        enrolled.profile.as_ref().map(ProfileReport::of)
    }

    /// Deletes an identity with its key and everything that is kept of it.
    ///
    /// # Errors
    /// When there is none; a failing store.
    pub fn delete_identity(&self, id: &IdentityId, reason: ErasureReason) -> Result<ErasureReceipt, ServiceError> {
        let _writing = self.writing.lock().map_err(|_| ServiceError::Poisoned)?;
        let deleted = self.store.delete_identity(id, reason, Timestamp::now());
        self.gallery.refresh(self.store.as_ref(), id, &self.population)?;
        deleted?.ok_or_else(|| ServiceError::UnknownIdentity(id.to_string()))
    }

    /// The receipt for an erasure; `None` where there is none of this number.
    ///
    /// # Errors
    /// A failing store.
    pub fn receipt(&self, number: Uuid) -> Result<Option<ErasureReceipt>, ServiceError> {
        Ok(self.store.receipt(number)?)
    }

    /// Enrolls photographs of an identity. Each is taken or refused with its reason; the report says which.
    ///
    /// # Errors
    /// When there is no such identity, or the store or a network fails; then nothing was enrolled.
    pub fn add_references(&self, id: &IdentityId, uploads: &[Upload]) -> Result<EnrollmentReport, ServiceError> {
        self.gallery.living(id)?;
        let (candidates, unreadable) = self.candidates(uploads)?;
        let _writing = self.writing.lock().map_err(|_| ServiceError::Poisoned)?;
        let enrolled = self.gallery.get(id)?;
        let known: Vec<(String, Template)> = enrolled
            .samples
            .iter()
            .filter(|s| s.kind == SampleKind::Reference)
            .map(|s| (s.image_sha256.clone(), s.template.clone()))
            .collect();
        let outcomes = admit(&known, &candidates, &self.population);
        self.keep(id, SampleKind::Reference, uploads, candidates, outcomes, unreadable)
    }

    /// Enrolls images that do not show the identity, or fakes of it. The face most like the identity is taken.
    ///
    /// # Errors
    /// As [`Service::add_references`]; also when the identity has no reference yet.
    pub fn add_negatives(
        &self,
        id: &IdentityId,
        kind: SampleKind,
        uploads: &[Upload],
    ) -> Result<EnrollmentReport, ServiceError> {
        let enrolled = self.gallery.living(id)?;
        let profile = enrolled.profile.as_ref().ok_or_else(|| ServiceError::NoReferences(id.clone()))?;
        let (candidates, unreadable) = self.candidates(uploads)?;
        let outcomes = candidates
            .iter()
            .map(|c| {
                let likeness = c.faces.iter().map(|f| profile.likeness(f)).enumerate();
                likeness.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(i, _)| i).ok_or(Refusal::NoFace)
            })
            .collect();
        let _writing = self.writing.lock().map_err(|_| ServiceError::Poisoned)?;
        self.keep(id, kind, uploads, candidates, outcomes, unreadable)
    }

    /// Deletes one reference (`negatives` false) or negative.
    ///
    /// # Errors
    /// When there is none; a failing store.
    pub fn delete_sample(&self, id: &IdentityId, sample: Uuid, negatives: bool) -> Result<(), ServiceError> {
        let what = if negatives { "negative" } else { "reference" };
        let unknown = || ServiceError::UnknownSample { identity: id.to_string(), what, id: sample.to_string() };
        let _writing = self.writing.lock().map_err(|_| ServiceError::Poisoned)?;
        let enrolled = self.gallery.get(id)?;
        let kind = enrolled.samples.iter().find(|s| s.id == sample).map(|s| s.kind).ok_or_else(unknown)?;
        if (kind == SampleKind::Reference) == negatives {
            return Err(unknown());
        }
        let deleted = self.store.delete_sample(id, sample, Timestamp::now());
        self.gallery.refresh(self.store.as_ref(), id, &self.population)?;
        deleted?.map(|_| ()).ok_or_else(unknown)
    }

    /// The encoded image of a reference (`negatives` false) or negative; `None` where it was not kept.
    ///
    /// # Errors
    /// When there is no such sample; a failing store.
    pub fn image(&self, id: &IdentityId, sample: Uuid, negatives: bool) -> Result<Option<Vec<u8>>, ServiceError> {
        let what = if negatives { "negative" } else { "reference" };
        let enrolled = self.gallery.get(id)?;
        let there = |s: &Sample| s.id == sample && (s.kind != SampleKind::Reference) == negatives;
        if !enrolled.samples.iter().any(there) {
            let id = sample.to_string();
            return Err(ServiceError::UnknownSample { identity: enrolled.record.id.to_string(), what, id });
        }
        Ok(self.store.image(id, sample)?)
    }

    /// The templates of all uploads; one that cannot be decoded has no faces and a rejection.
    fn candidates(&self, uploads: &[Upload]) -> Result<(Vec<Candidate>, Vec<Rejected>), ServiceError> {
        let (mut candidates, mut unreadable) = (Vec::new(), Vec::new());
        for (index, upload) in uploads.iter().enumerate() {
            match self.analyser.analyse_in_parts(&upload.bytes) {
                Ok(a) => candidates.push(Candidate { sha256: a.image.sha256.clone(), faces: a.into_templates() }),
                Err(ServiceError::Image(e)) => {
                    candidates.push(Candidate { sha256: String::new(), faces: Vec::new() });
                    unreadable.push(rejected(index, upload, e.code(), e.to_string()));
                }
                Err(e) => return Err(e),
            }
        }
        Ok((candidates, unreadable))
    }

    /// Stores what was admitted and refits the profile.
    fn keep(
        &self,
        id: &IdentityId,
        kind: SampleKind,
        uploads: &[Upload],
        candidates: Vec<Candidate>,
        outcomes: Vec<Result<usize, Refusal>>,
        unreadable: Vec<Rejected>,
    ) -> Result<EnrollmentReport, ServiceError> {
        let now = Timestamp::now();
        let (mut accepted, mut refused, mut samples) = (Vec::new(), unreadable, Vec::new());
        for (index, (mut candidate, outcome)) in candidates.into_iter().zip(outcomes).enumerate() {
            let upload = &uploads[index];
            let faces = candidate.faces.len();
            match outcome {
                Ok(face) if face < faces => {
                    let template = candidate.faces.swap_remove(face);
                    let sample = Sample {
                        id: Uuid::now_v7(),
                        kind,
                        filename: upload.filename.as_deref().map(tidy),
                        image_sha256: candidate.sha256,
                        added_at: now,
                        template,
                    };
                    accepted.push(Accepted {
                        index,
                        filename: sample.filename.clone(),
                        reference_id: sample.id,
                        quality: sample.template.quality.score,
                        faces,
                    });
                    samples.push(sample);
                }
                Err(r) if !refused.iter().any(|u| u.index == index) => {
                    refused.push(rejected(index, upload, r.code(), r.to_string()));
                }
                _ => {}
            }
        }
        if !samples.is_empty() {
            let of = |a: &Accepted| (a.reference_id, uploads[a.index].bytes.as_slice());
            let images: Vec<_> = accepted.iter().filter(|_| self.keep_images).map(of).collect();
            self.store.add_samples_with_images(id, &samples, &images, now)?;
            self.gallery.refresh(self.store.as_ref(), id, &self.population)?;
        }
        refused.sort_by_key(|r| r.index);
        let profile = Self::profile_report(self.gallery.get(id)?.as_ref());
        Ok(EnrollmentReport { accepted, rejected: refused, profile })
    }
}

fn rejected(index: usize, upload: &Upload, code: ErrorCode, detail: String) -> Rejected {
    Rejected { index, filename: upload.filename.as_deref().map(tidy), code, detail }
}

/// A file name fit to be kept and shown: no control characters, of bounded length.
fn tidy(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(MAX_FILENAME).collect()
}
