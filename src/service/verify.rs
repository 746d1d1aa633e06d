//! Verification: one image against a claimed identity, or a search of all identities for each face.

use super::report::{Comparison, FaceReport, IdentityName, ImageReport};
use super::timing::{self, Stage};
use super::{Analysis, Enrolled, Service, ServiceError, Verification};
use crate::face::Face;
use crate::identity::IdentityId;
use crate::template::Template;
use crate::verdict::{Explanation, ImageDecision, Judgement, Thresholds, Verdict, judge, roll_up};

impl Service {
    /// See [`Acting::verify_with`](super::Acting::verify_with).
    pub(super) fn verify_with(
        &self,
        bytes: &[u8],
        claimed: Option<&IdentityId>,
        stability_check: Option<bool>,
    ) -> Result<Verification, ServiceError> {
        // The identity first: an unknown one must not cost the decoding of an image.
        let claimed = claimed.map(|id| self.gallery.living(id)).transpose()?;
        if let Some(e) = claimed.as_ref().filter(|e| e.profile.is_none()) {
            return Err(ServiceError::NoReferences(e.record.id.clone()));
        }
        timing::start();
        let analysis = self.analyser.analyse(bytes)?;
        let more_faces = analysis.more_faces;
        let check = stability_check.unwrap_or(self.stability_check);
        let mut answer = timing::timed(Stage::Compare, || match claimed {
            _ if analysis.faces.is_empty() => Ok(self.without_face(analysis.image, claimed.as_deref())),
            Some(ref enrolled) => self.against(enrolled, analysis, check),
            None => self.search(analysis, check),
        })?;
        answer.more_faces = more_faces;
        answer.timings = Some(timing::read());
        Ok(answer)
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
    fn against(&self, enrolled: &Enrolled, analysis: Analysis, check: bool) -> Result<Verification, ServiceError> {
        let missing = || ServiceError::NoReferences(enrolled.record.id.clone());
        let profile = enrolled.profile.as_ref().ok_or_else(missing)?;
        let fusion = self.fusion.with_targets(&enrolled.record.fields.targets);
        let judge = |(face, template): &(Face, Template)| {
            let parts = || self.analyser.parts(&analysis.pixels, face);
            judge(template, profile, &fusion, parts, || self.degraded_template(&analysis, face, check))
        };
        let image = ImageDecision::of(analysis.faces.iter().map(judge).collect::<Result<_, ServiceError>>()?);
        let faces = analysis.faces.iter().zip(image.faces).enumerate();
        let reports =
            faces.map(|(i, (face, judgement))| FaceReport::new(i, face, Some(&Comparison { enrolled, judgement })));
        Ok(self.answer(analysis.image, reports.collect(), image.deciding.unwrap_or(0), Some(enrolled.name())))
    }

    /// All identities are searched for each face.
    fn search(&self, analysis: Analysis, check: bool) -> Result<Verification, ServiceError> {
        let mut reports = Vec::with_capacity(analysis.faces.len());
        for (i, face) in analysis.faces.iter().enumerate() {
            let best = self.gallery.best_match(&face.1)?;
            let comparison = best.as_deref().map(|e| self.against_best(e, &analysis, face, check)).transpose()?;
            reports.push(FaceReport::new(i, face, comparison.flatten().as_ref()));
        }
        let verdict = roll_up(reports.iter().map(|r| r.verdict));
        let deciding = reports.iter().position(|r| r.verdict == verdict).unwrap_or(0);
        let identity = reports.get(deciding).and_then(|r| r.identity.clone());
        Ok(self.answer(analysis.image, reports, deciding, identity))
    }

    /// A face against the identity that it is most like; `None` where it does not depict that person either.
    fn against_best<'a>(
        &self,
        enrolled: &'a Enrolled,
        analysis: &Analysis,
        (face, template): &(Face, Template),
        check: bool,
    ) -> Result<Option<Comparison<'a>>, ServiceError> {
        let Some(profile) = &enrolled.profile else { return Ok(None) };
        let fusion = self.fusion.with_targets(&enrolled.record.fields.targets);
        let judgement = Judgement::of_whole_face(template, profile, &fusion);
        if !judgement.depicts_person() {
            return Ok(None);
        }
        let parts = || self.analyser.parts(&analysis.pixels, face);
        let degraded = || self.degraded_template(analysis, face, check);
        let judgement = judgement.refined(template, profile, &fusion, parts, degraded)?;
        Ok(Some(Comparison { enrolled, judgement }))
    }

    /// The template of a degraded copy of a face, for the stability check; `None` where `check` is off.
    fn degraded_template(
        &self,
        analysis: &Analysis,
        face: &Face,
        check: bool,
    ) -> Result<Option<Template>, ServiceError> {
        check.then(|| self.analyser.degraded_template(&analysis.pixels, &face.detection)).transpose()
    }

    fn answer(
        &self,
        image: ImageReport,
        mut faces: Vec<FaceReport>,
        deciding: usize,
        identity: Option<IdentityName>,
    ) -> Verification {
        if !image.complete {
            faces.iter_mut().for_each(FaceReport::hold_back);
        }
        let face = faces.get(deciding);
        Verification {
            verdict: face.map_or(Verdict::NoFace, |f| f.verdict),
            score: face.and_then(|f| f.score),
            identity,
            deciding_face: face.map(|f| f.index),
            explanation: face.map_or_else(|| Explanation::only(""), |f| f.explanation.clone()),
            thresholds: face.and_then(|f| f.thresholds).unwrap_or(self.fusion.thresholds),
            faces,
            more_faces: false,
            calibration: self.calibration.clone(),
            image,
            versions: self.versions.clone(),
            timings: None,
        }
    }

    fn without_face(&self, image: ImageReport, claimed: Option<&Enrolled>) -> Verification {
        let reason = "No face was found. The image shows none, or the face is turned away, covered, or smaller than about \
                      24 pixels.";
        Verification {
            verdict: Verdict::NoFace,
            score: None,
            identity: claimed.map(Enrolled::name),
            deciding_face: None,
            faces: Vec::new(),
            more_faces: false,
            explanation: Explanation::only(reason),
            thresholds: claimed.map_or(self.fusion.thresholds, |e| self.thresholds(e)),
            calibration: self.calibration.clone(),
            image,
            versions: self.versions.clone(),
            timings: None,
        }
    }
}
