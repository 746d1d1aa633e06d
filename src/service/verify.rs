//! Verification: one image against a claimed identity, or each face against all.

use super::report::{FaceReport, IdentityName, ImageReport};
use super::stages::{self, Stage};
use super::{Enrolled, Service, ServiceError, Verification};
use crate::identity::IdentityId;
use crate::traits::Template;
use crate::verdict::{Claimed, Decision, Evidence, Explanation, Verdict, roll_up};

impl Service {
    /// Verifies one encoded image. With `claimed`, every face is compared with that identity and the most alike
    /// decides; without, each face is searched over all identities.
    ///
    /// # Errors
    /// An image that cannot be decoded, an unknown identity or one without references, a failing network.
    pub fn verify(&self, bytes: &[u8], claimed: Option<&IdentityId>) -> Result<Verification, ServiceError> {
        // The identity first: an unknown one must not cost a decoding.
        let claimed = claimed.map(|id| self.gallery.living(id)).transpose()?;
        if let Some(e) = claimed.as_ref().filter(|e| e.profile.is_none()) {
            return Err(ServiceError::NoReferences(e.record.id.clone()));
        }
        stages::start();
        let analysis = self.analyser.analyse(bytes)?;
        let mut answer = stages::timed(Stage::Compare, || match claimed {
            _ if analysis.faces.is_empty() => Ok(self.without_face(analysis.image, claimed.as_deref())),
            Some(ref enrolled) => self.against(enrolled, analysis.image, &analysis.faces),
            None => self.search(analysis.image, &analysis.faces),
        })?;
        answer.timings = Some(stages::read());
        Ok(answer)
    }

    /// Every face against one identity.
    fn against(
        &self,
        enrolled: &Enrolled,
        image: ImageReport,
        faces: &[(f32, Template)],
    ) -> Result<Verification, ServiceError> {
        let missing = || ServiceError::NoReferences(enrolled.record.id.clone());
        let profile = enrolled.profile.as_ref().ok_or_else(missing)?;
        let name = name(enrolled);
        let claimed = Claimed::judge(faces.iter().map(|(_, t)| t), profile, &self.fusion);
        let reports = faces.iter().zip(&claimed.faces).enumerate();
        let reports: Vec<FaceReport> = reports
            .map(|(i, ((confidence, t), (e, d)))| FaceReport::new(i, *confidence, t, Some((&name, e, d))))
            .collect();
        let deciding = claimed.deciding.unwrap_or(0);
        Ok(self.answer(image, reports, deciding, Some(name)))
    }

    /// Each face against all identities.
    fn search(&self, image: ImageReport, faces: &[(f32, Template)]) -> Result<Verification, ServiceError> {
        let reports = faces
            .iter()
            .enumerate()
            .map(|(i, (confidence, template))| {
                let found = self.gallery.most_alike(template)?.and_then(|e| {
                    let evidence = Evidence::measure(template, e.profile.as_ref()?);
                    let decision = Decision::decide(&evidence, &template.quality, &self.fusion);
                    let someone = decision.verdict != Verdict::DifferentPerson
                        && evidence.likeness >= self.fusion.thresholds.likeness;
                    someone.then(|| (name(&e), evidence, decision))
                });
                Ok(FaceReport::new(i, *confidence, template, found.as_ref().map(|(n, e, d)| (n, e, d))))
            })
            .collect::<Result<Vec<FaceReport>, ServiceError>>()?;
        let verdict = roll_up(reports.iter().map(|r| r.verdict));
        let deciding = reports.iter().position(|r| r.verdict == verdict).unwrap_or(0);
        let identity = reports.get(deciding).and_then(|r| r.identity.clone());
        Ok(self.answer(image, reports, deciding, identity))
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
            faces,
            thresholds: self.fusion.thresholds,
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
            identity: claimed.map(name),
            deciding_face: None,
            faces: Vec::new(),
            explanation: Explanation::only(reason),
            thresholds: self.fusion.thresholds,
            calibration: self.calibration.clone(),
            image,
            versions: self.versions.clone(),
            timings: None,
        }
    }
}

fn name(enrolled: &Enrolled) -> IdentityName {
    IdentityName { id: enrolled.record.id.to_string(), display_name: enrolled.record.fields.display_name.clone() }
}
