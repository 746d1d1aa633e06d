//! Identities, references and negatives.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Enrolled, IdentityName, Service, ServiceError};
use crate::error_code::ErrorCode;
use crate::identity::{
    IdentityFields, IdentityId, IdentityRecord, OfferedImage, Population, Refusal, SEARCHED, Sample, SampleKind,
    SampleSet, admit,
};
use crate::imaging::is_animated;
use crate::store::{ErasureReason, ErasureReceipt};
use crate::template::{Embedding, Template};

/// Identities whose names are read at once: the gallery is locked for no longer.
const NAMES_AT_ONCE: usize = 1024;

/// One image to enroll.
pub struct Upload {
    /// Its file name as sent.
    pub filename: Option<String>,
    /// The encoded image.
    pub bytes: Vec<u8>,
}

/// One accepted image.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Accepted {
    /// Its index among the images sent, from 0.
    pub index: usize,
    /// Its file name as sent.
    #[schema(required)]
    pub filename: Option<String>,
    /// The id of the new reference or negative.
    pub reference_id: Uuid,
    /// Quality of the face, 0..=100.
    #[schema(minimum = 0, maximum = 100)]
    pub quality: f32,
    /// Faces in the image. Of several, a reference takes the one that agrees with the person's other photographs, a
    /// negative the one most like the person.
    pub faces: usize,
}

/// One rejected image.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Rejected {
    /// Its index among the images sent, from 0.
    pub index: usize,
    /// Its file name as sent.
    #[schema(required)]
    pub filename: Option<String>,
    /// A stable code, see docs/errors.md.
    pub code: ErrorCode,
    /// The reason, as a sentence.
    pub detail: String,
}

/// The profile of an identity.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProfileReport {
    /// References that it is fitted on.
    pub references: usize,
    /// Negatives that it holds.
    pub negatives: usize,
    /// For each embedding, the expected cosine of another genuine photograph with the mean of the references, -1..=1,
    /// and its standard deviation.
    pub expected_likeness: Vec<[f32; 2]>,
    /// A remark for the operator, for example that references are few.
    pub remark: String,
}

/// The result of an enrollment.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EnrollmentReport {
    /// The accepted images.
    pub accepted: Vec<Accepted>,
    /// The rejected images, with reasons.
    pub rejected: Vec<Rejected>,
    /// The profile after the enrollment; `null` without a reference.
    #[schema(required)]
    pub profile: Option<ProfileReport>,
    /// Other identities that a search can hardly distinguish from this one, the most similar first: twins, or one
    /// person enrolled twice. A search may answer with either.
    pub look_alikes: Vec<LookAlike>,
}

/// Another identity that a search can hardly distinguish from the one enrolled.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LookAlike {
    /// The other identity.
    pub identity: IdentityName,
    /// The cosine between the mean embeddings C of the references of the two, -1..=1.
    pub similarity: f32,
}

/// The most look-alikes that a report names.
const MOST_LOOK_ALIKES: usize = 8;

/// Why a cut or damaged image is not enrolled.
const INCOMPLETE: &str = "data of the image is missing or damaged: send the original file";

/// Why an animation is not enrolled.
const ANIMATED: &str = "the image is animated: enroll one still frame of it";

/// The longest file name kept, in characters.
const MAX_FILENAME: usize = 255;

impl ProfileReport {
    /// The report on an identity; `None` without a reference.
    fn of(enrolled: &Enrolled, population: &Population) -> Option<Self> {
        let n = enrolled.references;
        let remark = match n {
            0 => return None,
            1 => "one reference: this person's own variation is taken from the population; expect more undecided faces",
            2..=4 => "few references: this person's own variation is known only roughly; five or more are better",
            _ => "enough references to know this person's own variation",
        };
        let expected = |e: Embedding| {
            let agreement = enrolled.agreement[e as usize];
            let genuine = agreement.genuine(&population.prior(e), population.model.prior_weight);
            [genuine.centre, genuine.deviation]
        };
        Some(Self {
            references: n,
            negatives: enrolled.negatives,
            expected_likeness: Embedding::JUDGED.map(expected).into(),
            remark: remark.into(),
        })
    }
}

impl Service {
    pub(super) fn put_identity(
        &self,
        id: &IdentityId,
        fields: &IdentityFields,
    ) -> Result<(IdentityRecord, bool), ServiceError> {
        let now = Timestamp::now();
        fields.check(now).map_err(ServiceError::InvalidField)?;
        self.fusion.admits(&fields.targets)?;
        let _writing = self.writing.lock().map_err(|_| ServiceError::Poisoned)?;
        let done = self.store.put_identity(id, fields, now)?;
        self.gallery.refresh(id)?;
        Ok(done)
    }

    /// One identity.
    ///
    /// # Errors
    /// When there is none.
    pub fn identity(&self, id: &IdentityId) -> Result<Arc<Enrolled>, ServiceError> {
        self.gallery.get(id)
    }

    /// At most `limit` identities after `after`, in the order of ids.
    ///
    /// # Errors
    /// When the service is in an undefined state.
    pub fn identities(&self, after: Option<&IdentityId>, limit: usize) -> Result<Vec<Arc<Enrolled>>, ServiceError> {
        self.gallery.page(after, limit)
    }

    /// As [`Service::identities`], those whose display name or id contains `name`, whatever the case.
    ///
    /// # Errors
    /// As [`Service::identities`].
    pub fn identities_named(
        &self,
        name: &str,
        after: Option<&IdentityId>,
        limit: usize,
    ) -> Result<Vec<Arc<Enrolled>>, ServiceError> {
        let name = name.trim().to_lowercase();
        let has = |identity: &Enrolled| {
            let IdentityRecord { id, fields, .. } = &identity.record;
            id.as_str().contains(&name) || fields.display_name.to_lowercase().contains(&name)
        };
        let (mut found, mut after) = (Vec::new(), after.cloned());
        while found.len() < limit {
            let page = self.identities(after.as_ref(), NAMES_AT_ONCE)?;
            let Some(last) = page.last() else { break };
            after = Some(last.record.id.clone());
            found.extend(page.into_iter().filter(|identity| has(identity)));
        }
        found.truncate(limit);
        Ok(found)
    }

    /// The profile of an identity as reported; `None` without a reference.
    pub fn profile_report(&self, enrolled: &Enrolled) -> Option<ProfileReport> {
        ProfileReport::of(enrolled, &self.population)
    }

    /// The samples of an identity in the order in which they were added. Blocks on the disk.
    ///
    /// # Errors
    /// When there is no such identity; a failing store.
    pub fn samples(&self, id: &IdentityId) -> Result<Vec<Sample>, ServiceError> {
        self.gallery.get(id)?;
        Ok(self.store.samples(id)?)
    }

    pub(super) fn delete_identity(
        &self,
        id: &IdentityId,
        reason: ErasureReason,
    ) -> Result<ErasureReceipt, ServiceError> {
        let _writing = self.writing.lock().map_err(|_| ServiceError::Poisoned)?;
        let deleted = self.store.delete_identity(id, reason, Timestamp::now());
        self.gallery.refresh(id)?;
        deleted?.ok_or_else(|| ServiceError::UnknownIdentity(id.to_string()))
    }

    /// The receipt of an erasure; `None` where no receipt has this number.
    ///
    /// # Errors
    /// A failing store.
    pub fn receipt(&self, number: Uuid) -> Result<Option<ErasureReceipt>, ServiceError> {
        Ok(self.store.receipt(number)?)
    }

    pub(super) fn enroll(
        &self,
        id: &IdentityId,
        kind: SampleKind,
        uploads: &[Upload],
    ) -> Result<EnrollmentReport, ServiceError> {
        match kind {
            SampleKind::Reference => self.enroll_references(id, uploads),
            SampleKind::NotThisPerson | SampleKind::KnownFake => self.enroll_negatives(id, kind, uploads),
        }
    }

    fn enroll_references(&self, id: &IdentityId, uploads: &[Upload]) -> Result<EnrollmentReport, ServiceError> {
        self.gallery.living(id)?;
        let (candidates, unreadable) = self.candidates(uploads)?;
        let _writing = self.writing.lock().map_err(|_| ServiceError::Poisoned)?;
        let _exclusive = self.store.exclusive(id)?;
        let samples = self.samples(id)?.into_iter().filter(|s| s.kind == SampleKind::Reference);
        let known: Vec<(String, Template)> = samples.map(|s| (s.image_sha256, s.template)).collect();
        let outcomes = admit(&known, &candidates, &self.population);
        self.keep(id, SampleKind::Reference, uploads, candidates, outcomes, unreadable)
    }

    /// Enrolls the face most like the identity from each image.
    fn enroll_negatives(
        &self,
        id: &IdentityId,
        kind: SampleKind,
        uploads: &[Upload],
    ) -> Result<EnrollmentReport, ServiceError> {
        let profile = self.gallery.profile(self.gallery.living(id)?.as_ref())?;
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

    pub(super) fn delete_sample(&self, id: &IdentityId, set: SampleSet, sample: Uuid) -> Result<(), ServiceError> {
        let _writing = self.writing.lock().map_err(|_| ServiceError::Poisoned)?;
        self.sample(id, set, sample)?;
        let deleted = self.store.delete_sample(id, sample, Timestamp::now());
        self.gallery.refresh(id)?;
        deleted?.map(|_| ()).ok_or_else(|| ServiceError::unknown_sample(id, set, &sample))
    }

    pub(super) fn image(&self, id: &IdentityId, set: SampleSet, sample: Uuid) -> Result<Option<Vec<u8>>, ServiceError> {
        self.sample(id, set, sample)?;
        Ok(self.store.image(id, sample)?)
    }

    /// An error unless the identity has this sample in this set.
    fn sample(&self, id: &IdentityId, set: SampleSet, sample: Uuid) -> Result<(), ServiceError> {
        self.gallery.get(id)?;
        let known = self.store.sample_kind(id, sample)?.is_some_and(|kind| set.holds(kind));
        if known { Ok(()) } else { Err(ServiceError::unknown_sample(id, set, &sample)) }
    }

    /// The templates of all uploads; an image that cannot be decoded has no faces and a rejection.
    fn candidates(&self, uploads: &[Upload]) -> Result<(Vec<OfferedImage>, Vec<Rejected>), ServiceError> {
        let (mut candidates, mut unreadable) = (Vec::new(), Vec::new());
        for (index, upload) in uploads.iter().enumerate() {
            if is_animated(&upload.bytes) {
                candidates.push(OfferedImage { sha256: String::new(), faces: Vec::new() });
                unreadable.push(rejected(index, upload, ErrorCode::AnimatedImage, ANIMATED.into()));
                continue;
            }
            match self.analyser.analyse_completely(&upload.bytes) {
                Ok(a) if !a.image.complete => {
                    candidates.push(OfferedImage { sha256: String::new(), faces: Vec::new() });
                    unreadable.push(rejected(index, upload, ErrorCode::IncompleteImage, INCOMPLETE.into()));
                }
                Ok(a) => candidates.push(OfferedImage { sha256: a.image.sha256.clone(), faces: a.into_templates() }),
                Err(ServiceError::Image(e)) => {
                    candidates.push(OfferedImage { sha256: String::new(), faces: Vec::new() });
                    unreadable.push(rejected(index, upload, e.code(), e.to_string()));
                }
                Err(e) => return Err(e),
            }
        }
        Ok((candidates, unreadable))
    }

    /// Stores the admitted images and refits the profile.
    fn keep(
        &self,
        id: &IdentityId,
        kind: SampleKind,
        uploads: &[Upload],
        candidates: Vec<OfferedImage>,
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
            self.gallery.refresh(id)?;
        }
        refused.sort_by_key(|r| r.index);
        let enrolled = self.gallery.get(id)?;
        let look_alikes = if accepted.is_empty() { Vec::new() } else { self.look_alikes(&enrolled)? };
        Ok(EnrollmentReport { accepted, rejected: refused, profile: self.profile_report(&enrolled), look_alikes })
    }

    /// The living identities as similar to this one as a search demands of a face.
    fn look_alikes(&self, enrolled: &Enrolled) -> Result<Vec<LookAlike>, ServiceError> {
        let profile = match self.gallery.profile(enrolled) {
            Ok(profile) => profile,
            Err(e) if e.is_gone() => return Ok(Vec::new()),
            Err(e) => return Err(e),
        };
        let threshold = self.tails().search(self.gallery.len()?, self.target_fpir).threshold_unconfirmed;
        let near = self.gallery.candidates(&profile.embedding(SEARCHED).centroid, MOST_LOOK_ALIKES + 1)?;
        let others = near
            .into_iter()
            .filter(|c| c.enrolled.record.id != enrolled.record.id && c.similarity.searched >= threshold);
        Ok(others.map(|c| LookAlike { identity: c.enrolled.name(), similarity: c.similarity.searched }).collect())
    }
}

fn rejected(index: usize, upload: &Upload, code: ErrorCode, detail: String) -> Rejected {
    Rejected { index, filename: upload.filename.as_deref().map(tidy), code, detail }
}

/// A file name that is safe to store and show: without control characters, of bounded length.
fn tidy(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(MAX_FILENAME).collect()
}
