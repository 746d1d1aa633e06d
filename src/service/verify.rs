//! Verification: one image against a claimed identity; `search.rs` has the search of everybody enrolled.

use std::sync::Arc;

use super::analyser::Found;
use super::edited::Seen;
use super::report::{Comparison, FaceReport, IdentityName, ImageReport};
use super::review::FaceReview;
use super::timing::{self, Stage};
use super::{Enrolled, Service, ServiceError, Verification};
use crate::face::Face;
use crate::identity::{IdentityId, Profile, TARGET_FPIR};
use crate::imaging::{Pyramid, is_animated};
use crate::template::{EncoderTraces, Template};
use crate::verdict::{Depth, Explanation, Limit, OtherFace, Thresholds, Verdict, deciding, judge, weigh_companions};

/// The most candidates that an answer lists per face.
pub const MOST_CANDIDATES: usize = 100;

/// What a request may ask of a verification.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VerifyOptions {
    /// Whether every face called `real` or `fake` is judged again in a degraded copy; `None`: by the service's own
    /// setting.
    pub stability_check: Option<bool>,
    /// Whether a search describes strangers' faces too. It changes no verdict.
    pub full: bool,
    /// The number of candidates that a search lists per face, up to [`MOST_CANDIDATES`]; `None`: one.
    pub top_k: Option<usize>,
    /// The share of strangers that a search may take for somebody enrolled, within [`TARGET_FPIR`]; `None`: the
    /// service's own setting.
    pub target_fpir: Option<f32>,
    /// Whether the answer has what a person who reviews it looks at.
    pub review: bool,
}

impl VerifyOptions {
    /// # Errors
    /// A value out of range, or an option of searches beside a claimed identity.
    fn check(&self, claims: bool) -> Result<(), ServiceError> {
        let wrong = |text: String| Err(ServiceError::InvalidOption(text));
        if self.top_k.is_some_and(|k| !(1..=MOST_CANDIDATES).contains(&k)) {
            return wrong(format!("top_k must be 1 to {MOST_CANDIDATES}"));
        }
        if self.target_fpir.is_some_and(|rate| !TARGET_FPIR.contains(&rate)) {
            let (least, most) = (TARGET_FPIR.start(), TARGET_FPIR.end());
            return wrong(format!("target_fpir must be {least} to {most}, for example 0.001"));
        }
        if claims && (self.top_k.is_some() || self.target_fpir.is_some()) {
            return wrong("top_k and target_fpir belong to a search: leave them out, or leave out the identity".into());
        }
        Ok(())
    }
}

impl Service {
    /// See [`Acting::verify_with`](super::Acting::verify_with).
    pub(super) fn verify_with(
        &self,
        bytes: &[u8],
        claimed: Option<&IdentityId>,
        options: &VerifyOptions,
    ) -> Result<Verification, ServiceError> {
        // The identity first: an unknown one must not cost the decoding of an image.
        let claimed = claimed.map(|id| self.claimed(id)).transpose()?;
        options.check(claimed.is_some())?;
        timing::start();
        let mut seen = Seen::nothing(is_animated(bytes));
        let judge_picture = |found: &Found, seen: &mut Seen| {
            timing::timed(Stage::Compare, || match &claimed {
                _ if found.faces.is_empty() => Ok(self.without_face(found, claimed.as_ref().map(|c| c.0.as_ref()))),
                Some((enrolled, profile)) => self.against(enrolled, profile, found, options),
                None => self.search(found, options, seen),
            })
        };
        let mut answer = self.of_pictures(bytes, |found| judge_picture(found, &mut seen))?;
        if seen.has_missed_a_copy() {
            // Now that the original is known.
            answer = self.of_pictures(bytes, |found| judge_picture(found, &mut seen))?;
        }
        // Erased or expired meanwhile, it no longer answers.
        claimed.map(|(enrolled, _)| self.gallery.still(&enrolled)).transpose()?;
        self.current()?;
        answer.timings = Some(timing::read());
        if !self.apparent_traits {
            answer.faces.iter_mut().for_each(|face| face.apparent = None);
        }
        Ok(answer)
    }

    fn claimed(&self, id: &IdentityId) -> Result<(Arc<Enrolled>, Arc<Profile>), ServiceError> {
        let enrolled = self.gallery.living(id)?;
        let profile = self.gallery.profile(&enrolled)?;
        Ok((enrolled, profile))
    }

    /// The thresholds of verdicts about this identity.
    pub fn thresholds(&self, enrolled: &Enrolled) -> Thresholds {
        self.fusion.with_targets(&enrolled.record.fields.targets).thresholds
    }

    /// The number of identities whose error rates lie outside of what the thresholds in use were fitted to; the nearest
    /// rates apply to them.
    ///
    /// # Errors
    /// When the service is in an undefined state.
    pub fn unmet_targets(&self) -> Result<usize, ServiceError> {
        let all = self.gallery.page(None, usize::MAX)?;
        Ok(all.iter().filter(|e| self.fusion.admits(&e.record.fields.targets).is_err()).count())
    }

    /// Every face against one identity.
    fn against(
        &self,
        enrolled: &Enrolled,
        profile: &Profile,
        found: &Found,
        options: &VerifyOptions,
    ) -> Result<Verification, ServiceError> {
        let fusion = self.fusion.with_targets(&enrolled.record.fields.targets);
        let (mut templates, mut judgements) = (Vec::new(), Vec::new());
        for face in &found.faces {
            let template = self.analyser.template(&found.pixels, face, None)?;
            let confirm = || self.analyser.embed_to_confirm(&found.pixels, face);
            let encode = || self.encode(&found.pixels, face);
            let parts = || self.analyser.parts(&found.pixels, face);
            let degraded = || self.degraded_template(&found.pixels, face, options.stability_check);
            judgements.push(judge(&template, profile, &fusion, confirm, encode, parts, degraded)?);
            templates.push(template);
        }
        let hashes: Vec<_> = templates.iter().map(|template| template.hash).collect();
        weigh_companions(&mut judgements, &hashes, profile, fusion.claim.as_ref(), |i| {
            found.faces.get(i).map(|face| self.analyser.embed_to_confirm(&found.pixels, face)).transpose()
        })?;
        let faces = found.faces.iter().zip(&templates).zip(judgements).enumerate();
        let reports = faces.map(|(i, ((face, template), judgement))| {
            let comparison = Comparison { enrolled, profile, judgement };
            FaceReport::new(i, face, Some(template), Some(&comparison))
                .with_review(options.review, || FaceReview::of(face, Some((template, profile))))
        });
        Ok(self.answer(found.image.clone(), reports.collect(), Some(enrolled.name())))
    }

    /// What the image encoder sees of a face; `None` where the service does not look that closely.
    pub(super) fn encode(&self, pixels: &Pyramid, face: &Face) -> Result<Option<EncoderTraces>, ServiceError> {
        (self.depth == Depth::Thorough).then(|| self.analyser.encode(pixels, face)).transpose()
    }

    /// The template of a degraded copy of a face, for the stability check; `None` where none is wanted, by `asked` or
    /// else by the service's own setting.
    pub(super) fn degraded_template(
        &self,
        pixels: &Pyramid,
        face: &Face,
        asked: Option<bool>,
    ) -> Result<Option<Template>, ServiceError> {
        let check = asked.unwrap_or(self.stability_check);
        check.then(|| self.analyser.degraded_template(pixels, &face.detection, self.depth)).transpose()
    }

    /// The answer for an image whose faces were judged, against `claimed` or in a search.
    pub(super) fn answer(
        &self,
        image: ImageReport,
        mut faces: Vec<FaceReport>,
        claimed: Option<IdentityName>,
    ) -> Verification {
        let deciding = deciding(faces.iter().map(|f| f.standing));
        if !image.complete {
            faces.iter_mut().for_each(FaceReport::hold_back);
        }
        let face = deciding.and_then(|i| faces.get(i));
        let explanation = match face {
            None => Explanation::only(""),
            // Nothing is said of faces in an image with missing pixels.
            Some(face) if !image.complete => face.explanation.clone(),
            Some(face) => face.explanation.clone().beside(&others(&faces, face.index)),
        };
        Verification {
            verdict: face.map_or(Verdict::NoFace, |f| f.verdict),
            score: face.and_then(|f| f.score),
            identity: claimed.or_else(|| face?.identity.clone()),
            search: face.and_then(|f| f.search.clone()),
            deciding_face: face.map(|f| f.index),
            explanation,
            thresholds: face.and_then(|f| f.thresholds).unwrap_or(self.fusion.thresholds),
            faces,
            faces_found: 0,
            smallest_face: 0,
            more_faces: false,
            calibration: self.calibration.clone(),
            image,
            animation: None,
            versions: self.versions.clone(),
            case: None,
            timings: None,
        }
    }

    fn without_face(&self, found: &Found, claimed: Option<&Enrolled>) -> Verification {
        let Found { image, smallest_face, .. } = found;
        let reason = if image.complete {
            format!(
                "No face was found. The image shows none, or the face is turned away, covered, or smaller than about \
                 {smallest_face} pixels (the image has {} x {}). Send an image in which the face is larger and turned \
                 to the camera.",
                image.width, image.height
            )
        } else {
            "No face was found in what is left of the image: data of it is missing or damaged. Send the original file."
                .into()
        };
        Verification {
            verdict: Verdict::NoFace,
            score: None,
            identity: claimed.map(Enrolled::name),
            deciding_face: None,
            faces: Vec::new(),
            search: None,
            faces_found: 0,
            smallest_face: 0,
            more_faces: false,
            explanation: Explanation::only(reason),
            thresholds: claimed.map_or(self.fusion.thresholds, |e| self.thresholds(e)),
            calibration: self.calibration.clone(),
            image: image.clone(),
            animation: None,
            versions: self.versions.clone(),
            case: None,
            timings: None,
        }
    }
}

/// The faces that depict somebody and can be judged, beside the one that decides.
fn others(faces: &[FaceReport], deciding: usize) -> Vec<OtherFace<'_>> {
    let others = faces.iter().filter(|f| f.index != deciding && f.standing.depicts_person && !f.standing.poor);
    // The sentence on the deciding face has said it already.
    let is_told = faces.get(deciding).is_some_and(|f| f.limits.contains(&Limit::SuspiciousCompanion));
    let others = others.filter(|f| !(is_told && f.limits.iter().any(|l| matches!(l, Limit::UncertainIdentity { .. }))));
    let told = others.filter_map(|f| {
        let person = &f.identity.as_ref()?.display_name;
        Some(OtherFace { person, verdict: f.verdict, replaced: f.standing.replaced })
    });
    told.collect()
}
