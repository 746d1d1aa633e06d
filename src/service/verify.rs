//! Verification: one image against a claimed identity, or each face against all.

use super::compared::Compared;
use super::report::{FaceReport, IdentityName, ImageReport};
use super::timing::{self, Stage};
use super::{Analysis, Enrolled, Service, ServiceError, StabilityReport, Verification};
use crate::face::Face;
use crate::identity::IdentityId;
use crate::template::Template;
use crate::verdict::{Claimed, Decision, Evidence, Explanation, Thresholds, Verdict, roll_up};

impl Service {
    /// See [`Acting::verify_with`](super::Acting::verify_with).
    pub(super) fn verify_with(
        &self,
        bytes: &[u8],
        claimed: Option<&IdentityId>,
        stability_check: Option<bool>,
    ) -> Result<Verification, ServiceError> {
        // The identity first: an unknown one must not cost a decoding.
        let claimed = claimed.map(|id| self.gallery.living(id)).transpose()?;
        if let Some(e) = claimed.as_ref().filter(|e| e.profile.is_none()) {
            return Err(ServiceError::NoReferences(e.record.id.clone()));
        }
        timing::start();
        let analysis = self.analyser.analyse(bytes)?;
        let more_faces = analysis.more_faces;
        let again = stability_check.unwrap_or(self.stability_check);
        let mut answer = timing::timed(Stage::Compare, || match claimed {
            _ if analysis.faces.is_empty() => Ok(self.without_face(analysis.image, claimed.as_deref())),
            Some(ref enrolled) => self.against(enrolled, analysis, again),
            None => self.search(analysis, again),
        })?;
        answer.more_faces = more_faces;
        answer.timings = Some(timing::read());
        Ok(answer)
    }

    /// Where verdicts about this identity begin.
    pub fn thresholds(&self, enrolled: &Enrolled) -> Thresholds {
        self.fusion.aimed(&enrolled.record.fields.targets).thresholds
    }

    /// How many identities ask for error rates that the thresholds in use were not fitted to; the nearest ones apply.
    ///
    /// # Errors
    /// When the service is in an undefined state.
    pub fn unmet_targets(&self) -> Result<usize, ServiceError> {
        let all = self.gallery.page(None, usize::MAX)?;
        Ok(all.iter().filter(|e| self.fusion.admits(&e.record.fields.targets).is_err()).count())
    }

    /// Every face against one identity.
    fn against(&self, enrolled: &Enrolled, analysis: Analysis, again: bool) -> Result<Verification, ServiceError> {
        let missing = || ServiceError::NoReferences(enrolled.record.id.clone());
        let profile = enrolled.profile.as_ref().ok_or_else(missing)?;
        let fusion = self.fusion.aimed(&enrolled.record.fields.targets);
        let claimed = Claimed::judge(analysis.faces.iter().map(|(_, t)| t), profile, &fusion);
        let mut reports = Vec::with_capacity(claimed.faces.len());
        for (i, (face, (evidence, decision))) in analysis.faces.iter().zip(claimed.faces).enumerate() {
            let mut compared = Compared { enrolled, evidence, decision, stability: None };
            self.look_closer(&mut compared, &analysis, face, again)?;
            reports.push(FaceReport::new(i, face, Some(&compared)));
        }
        Ok(self.answer(analysis.image, reports, claimed.deciding.unwrap_or(0), Some(enrolled.name())))
    }

    /// Each face against all identities.
    fn search(&self, analysis: Analysis, again: bool) -> Result<Verification, ServiceError> {
        let mut reports = Vec::with_capacity(analysis.faces.len());
        for (i, face) in analysis.faces.iter().enumerate() {
            let best = self.gallery.most_alike(&face.1)?;
            let mut compared = best.as_deref().and_then(|e| self.is_someone(e, &face.1));
            if let Some(compared) = compared.as_mut() {
                self.look_closer(compared, &analysis, face, again)?;
            }
            reports.push(FaceReport::new(i, face, compared.as_ref()));
        }
        let verdict = roll_up(reports.iter().map(|r| r.verdict));
        let deciding = reports.iter().position(|r| r.verdict == verdict).unwrap_or(0);
        let identity = reports.get(deciding).and_then(|r| r.identity.clone());
        Ok(self.answer(analysis.image, reports, deciding, identity))
    }

    /// A face against the identity that it is most like; `None` where it is somebody else all the same.
    fn is_someone<'a>(&self, enrolled: &'a Enrolled, template: &Template) -> Option<Compared<'a>> {
        let fusion = self.fusion.aimed(&enrolled.record.fields.targets);
        let evidence = Evidence::measure(template, enrolled.profile.as_ref()?);
        let decision = Decision::decide(&evidence, &template.quality, &fusion);
        let someone = decision.verdict != Verdict::DifferentPerson && evidence.likeness >= fusion.thresholds.likeness;
        someone.then_some(Compared { enrolled, evidence, decision, stability: None })
    }

    /// Looks at a face once more where its verdict asks for it: in parts, unless it is clear without; and, if that is
    /// wanted (`again`) and it is called real or fake, at a degraded copy.
    fn look_closer(
        &self,
        compared: &mut Compared<'_>,
        analysis: &Analysis,
        (face, template): &(Face, Template),
        again: bool,
    ) -> Result<(), ServiceError> {
        let Some(profile) = &compared.enrolled.profile else { return Ok(()) };
        let fusion = self.fusion.aimed(&compared.enrolled.record.fields.targets);
        if compared.decision.wants_parts()
            && let Some(parts) = self.analyser.parts(&analysis.pixels, face)?
        {
            compared.evidence.measure_parts(&template.embeddings, &parts, profile);
            compared.decision = Decision::decide(&compared.evidence, &template.quality, &fusion);
        }
        if again && matches!(compared.decision.verdict, Verdict::Real | Verdict::Fake) {
            let template = self.analyser.look_again(&analysis.pixels, &face.detection)?;
            if let Some((_, copy)) = Claimed::judge([&template], profile, &fusion).faces.first() {
                compared.stability = Some(StabilityReport::of(&compared.decision, copy));
                compared.decision = compared.decision.clone().in_view_of(copy);
            }
        }
        Ok(())
    }

    fn answer(
        &self,
        image: ImageReport,
        faces: Vec<FaceReport>,
        deciding: usize,
        identity: Option<IdentityName>,
    ) -> Verification {
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
        let reason =
            "No face was found: none is visible, or it is turned away, covered, or smaller than about 24 pixels.";
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
