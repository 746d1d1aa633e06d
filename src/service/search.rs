//! Search: whom of everybody enrolled each face of an image depicts, if anybody.
//!
//! Identification comes first. It costs one network per face, and a second for the few faces that resemble somebody.
//! Only a face that depicts somebody is described and judged, or one that is a copy of such a face (`edited.rs`): most
//! faces are strangers', and nothing more is spent on them. `full` describes them too, and changes no verdict.

use std::sync::Arc;

use super::analyser::Found;
use super::edited::Seen;
use super::gallery::Candidate;
use super::report::{CandidateReport, Comparison, FaceReport, SearchReport};
use super::review::FaceReview;
use super::{Enrolled, Service, ServiceError, Verification, VerifyOptions};
use crate::face::Face;
use crate::identity::{OpenSet, Profile, SEARCHED};
use crate::template::{Template, cosine};
use crate::verdict::{CandidateFacts, Explanation, Judgement, SearchFacts};

/// At least this many of the nearest identities may be compared exactly, as the first pass rounds.
const COMPARED_EXACTLY: usize = 4;
/// An upper bound on the rounding error of a cosine in the first pass.
const ROUNDING: f32 = 0.02;

/// A candidate compared exactly, with the profile that was read for it; none where it is far from depicting the face.
#[derive(Clone)]
struct Compared {
    candidate: Candidate,
    profile: Option<Arc<Profile>>,
}

/// What a search learned of one face.
pub(super) struct Identified {
    /// Its template, where it was described.
    pub(super) template: Option<Template>,
    /// The nearest identities, those that it depicts first.
    compared: Vec<Compared>,
    /// Whom it depicts.
    pub(super) depicted: Option<Depicted>,
}

/// The person that a face depicts, and the judgement on it.
pub(super) struct Depicted {
    pub(super) enrolled: Arc<Enrolled>,
    pub(super) profile: Arc<Profile>,
    pub(super) judgement: Judgement,
    /// The candidate that the search found; `None` where the face is a copy of one found to depict the person.
    pub(super) candidate: Option<Candidate>,
}

impl Depicted {
    /// Whether the similarity suffices to call the face fake, or need not, and no other face replaced the person's.
    pub(super) fn is_certain(&self) -> bool {
        let decision = &self.judgement.decision;
        !decision.replaced && decision.uncertain_identity().is_none()
    }
}

/// What holds for every face of a request.
struct Search<'a> {
    found: &'a Found,
    options: &'a VerifyOptions,
    gallery_size: usize,
    target_fpir: f32,
    open_set: OpenSet,
}

impl Service {
    /// Searches everybody enrolled for each face. `seen` are the faces of the frames before, of an animation.
    pub(super) fn search(
        &self,
        found: &Found,
        options: &VerifyOptions,
        seen: &mut Seen,
    ) -> Result<Verification, ServiceError> {
        let gallery_size = self.gallery.len()?;
        let target_fpir = options.target_fpir.unwrap_or(self.target_fpir);
        let open_set = self.tails().search(gallery_size, target_fpir);
        let search = Search { found, options, gallery_size, target_fpir, open_set };
        let faces = found.faces.iter();
        let mut identified = faces.map(|face| self.identify(&search, face)).collect::<Result<Vec<_>, _>>()?;
        self.judge_copies(found, &mut identified, options, seen)?;
        let faces = found.faces.iter().zip(&identified).enumerate();
        let reports = faces.map(|(i, (face, identified))| search.face_report(i, face, identified)).collect();
        Ok(self.answer(found.image.clone(), reports, None))
    }

    /// Whom one face depicts.
    fn identify(&self, search: &Search, face: &Face) -> Result<Identified, ServiceError> {
        let Search { found, options, open_set, .. } = search;
        let vector = self.analyser.embed_to_search(&found.pixels, face)?;
        let near = self.gallery.candidates(&vector, options.top_k.unwrap_or(1).max(COMPARED_EXACTLY))?;
        let mut compared = self.compare_exactly(near, search, face, &vector)?;
        let describe = || self.analyser.template(&found.pixels, face, Some(vector.clone()));
        let mut template = if options.full { Some(describe()?) } else { None };
        let mut depicted = None;
        let mut passed_over = 0;
        while let Some(Compared { candidate, profile: Some(profile) }) = compared.get(passed_over).cloned()
            && open_set.depicts(candidate.similarity)
        {
            let template = match &mut template {
                Some(template) => template,
                none => none.insert(describe()?),
            };
            match self.judge_found(search, &candidate, &profile, face, template) {
                Ok(Some(judgement)) => {
                    let (enrolled, candidate) = (candidate.enrolled.clone(), Some(candidate));
                    depicted = Some(Depicted { enrolled, profile, judgement, candidate });
                    break;
                }
                Ok(None) => passed_over += 1,
                // Erased or expired meanwhile.
                Err(e) if e.is_gone() => {
                    compared.remove(passed_over);
                }
                Err(e) => return Err(e),
            }
        }
        Ok(Identified { template, compared, depicted })
    }

    /// Compares a face with its candidates exactly, and confirms those that are similar enough to be confirmed.
    /// Those that the face depicts come first, and of equals the most similar.
    fn compare_exactly(
        &self,
        near: Vec<Candidate>,
        search: &Search,
        face: &Face,
        vector: &[f32],
    ) -> Result<Vec<Compared>, ServiceError> {
        let from = search.open_set.confirm_from;
        let mut confirming: Option<Vec<f32>> = None;
        let mut compared = Vec::with_capacity(near.len());
        for mut candidate in near {
            let mut profile = None;
            if candidate.similarity.searched + ROUNDING >= from {
                match self.gallery.profile(&candidate.enrolled) {
                    Ok(read) => {
                        candidate.similarity.searched = cosine(&read.embedding(SEARCHED).centroid, vector);
                        profile = Some(read);
                    }
                    // Erased or expired meanwhile.
                    Err(e) if e.is_gone() => continue,
                    Err(e) => return Err(e),
                }
            }
            if candidate.similarity.searched >= from
                && let Some(own) = profile.as_ref().map(|p| p.confirming()).filter(|own| !own.is_empty())
            {
                let of_face = match &mut confirming {
                    Some(vector) => vector,
                    none => none.insert(self.analyser.embed_to_confirm(&search.found.pixels, face)?),
                };
                candidate.similarity.confirming = Some(cosine(own, of_face));
            }
            compared.push(Compared { candidate, profile });
        }
        // The scores of one and of two networks have thresholds of their own: whether it is reached comes first.
        let depicts = |c: &Compared| search.open_set.depicts(c.candidate.similarity);
        let score = |c: &Compared| c.candidate.similarity.score();
        compared.sort_by(|a, b| depicts(b).cmp(&depicts(a)).then(score(b).total_cmp(&score(a))));
        Ok(compared)
    }

    /// The judgement of a face against the identity that it was found to depict; `None` where it is nearer to an image
    /// enrolled as another person.
    ///
    /// # Errors
    /// Among others, where the identity has been erased or has expired meanwhile.
    fn judge_found(
        &self,
        search: &Search,
        candidate: &Candidate,
        profile: &Profile,
        face: &Face,
        template: &Template,
    ) -> Result<Option<Judgement>, ServiceError> {
        let (pixels, enrolled) = (&search.found.pixels, candidate.enrolled.as_ref());
        let fusion = self.fusion.of_found_person(&enrolled.record.fields.targets);
        let judgement = Judgement::of_whole_face(template, profile, &fusion);
        if !judgement.depicts_person() {
            return Ok(None);
        }
        let encode = || self.encode(pixels, face);
        let parts = || self.analyser.parts(pixels, face);
        let degraded = || self.degraded_template(pixels, face, search.options.stability_check);
        let judgement = judgement.refined(template, profile, &fusion, encode, parts, degraded)?;
        self.gallery.still(enrolled)?;
        let similarity = candidate.similarity;
        let least = search.open_set.threshold_to_call_fake(similarity);
        Ok(Some(judgement.called_fake_from(least, similarity.score())))
    }
}

impl Search<'_> {
    fn face_report(&self, index: usize, face: &Face, identified: &Identified) -> FaceReport {
        let Identified { template, compared, depicted } = identified;
        let comparison = depicted.as_ref().map(|Depicted { enrolled, profile, judgement, .. }| Comparison {
            enrolled,
            profile,
            judgement: judgement.clone(),
        });
        let mut report = FaceReport::new(index, face, template.as_ref(), comparison.as_ref());
        report.explanation = match depicted {
            Some(found @ Depicted { candidate: Some(candidate), .. }) => {
                report.explanation.found_by(&self.facts(Some(candidate)), found.is_certain())
            }
            Some(copy) => report.explanation.copied_from_a_face_of(&copy.enrolled.record.fields.display_name),
            None => Explanation::of_nobody(&self.facts(compared.first().map(|c| &c.candidate))),
        };
        report.search = Some(self.report(compared));
        report.with_review(self.options.review, || {
            FaceReview::of(face, template.as_ref().zip(comparison.as_ref().map(|c| c.profile)))
        })
    }

    fn report(&self, compared: &[Compared]) -> SearchReport {
        let candidate = |Compared { candidate, .. }: &Compared| CandidateReport {
            identity: candidate.enrolled.name(),
            similarity: candidate.similarity.score(),
            confirmed: candidate.similarity.confirming.is_some(),
            expected_fpir: self.open_set.fpir(candidate.similarity),
        };
        let nearest = compared.first().map(|c| c.candidate.similarity);
        SearchReport {
            gallery_size: self.gallery_size,
            threshold: nearest.map(|similarity| self.open_set.threshold_for(similarity)),
            target_fpir: self.target_fpir,
            expected_fpir: nearest.map_or(0.0, |similarity| self.open_set.expected_fpir(similarity)),
            candidates: compared.iter().take(self.options.top_k.unwrap_or(1)).map(candidate).collect(),
        }
    }

    /// What the search found, in terms of one candidate.
    fn facts<'a>(&self, candidate: Option<&'a Candidate>) -> SearchFacts<'a> {
        SearchFacts {
            gallery_size: self.gallery_size,
            candidate: candidate.map(|c| CandidateFacts {
                person: c.enrolled.record.fields.display_name.as_str(),
                similarity: c.similarity.score(),
                threshold: self.open_set.threshold_for(c.similarity),
            }),
        }
    }
}
