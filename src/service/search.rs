//! Search: whom of everybody enrolled each face of an image depicts, if anybody.
//!
//! Who it is comes first, and costs one network per face. Only a face that depicts somebody is described and judged: most
//! faces are strangers', and nothing is spent on them once that is known. `full` describes them too, and changes no decision.

use std::sync::Arc;

use super::analyser::Found;
use super::gallery::Candidate;
use super::report::{CandidateReport, Comparison, FaceReport, SearchReport};
use super::{Service, ServiceError, Verification, VerifyOptions};
use crate::face::Face;
use crate::identity::{OpenSet, Profile};
use crate::template::{Embedding, Template, cosine};
use crate::verdict::{Explanation, Judgement, SearchFacts};

/// The nearest identities that may be compared exactly: the first pass rounds.
const EXACT: usize = 4;
/// More than the first pass rounds a cosine by.
const ROUNDING: f32 = 0.02;

/// What holds for every face of a request.
struct Search<'a> {
    found: &'a Found,
    options: &'a VerifyOptions,
    gallery_size: usize,
    target_fpir: f32,
    open_set: OpenSet,
}

impl Service {
    /// Searches everybody enrolled for each face.
    pub(super) fn search(&self, found: &Found, options: &VerifyOptions) -> Result<Verification, ServiceError> {
        let gallery_size = self.gallery.len()?;
        let target_fpir = options.target_fpir.unwrap_or(self.target_fpir);
        let open_set = self.tail().search(gallery_size, target_fpir);
        let search = Search { found, options, gallery_size, target_fpir, open_set };
        let faces = found.faces.iter().enumerate();
        let reports: Vec<FaceReport> =
            faces.map(|(i, face)| self.identify(&search, i, face)).collect::<Result<_, _>>()?;
        Ok(self.answer(found.image.clone(), reports, None))
    }

    /// The report on one face.
    fn identify(&self, search: &Search, index: usize, face: &Face) -> Result<FaceReport, ServiceError> {
        let Search { found, options, open_set, .. } = search;
        let vector = self.analyser.embed_to_search(&found.pixels, face)?;
        let mut near = self.gallery.candidates(&vector, options.top_k.unwrap_or(1).max(EXACT))?;
        let profiles = self.compare_exactly(&mut near, &vector, open_set.threshold)?;
        let describe = || self.analyser.template(&found.pixels, face, Some(vector.clone()));
        let mut template = if options.full { Some(describe()?) } else { None };
        let mut depicted = None;
        for (candidate, profile) in near.iter().zip(&profiles).filter(|(c, _)| c.cosine >= open_set.threshold) {
            let Some(profile) = profile else { continue };
            let template = match &mut template {
                Some(template) => template,
                none => none.insert(describe()?),
            };
            if let Some(comparison) = self.judge_found(search, candidate, profile, face, template)? {
                depicted = Some((candidate, comparison));
                break;
            }
        }
        let mut report = FaceReport::new(index, face, template.as_ref(), depicted.as_ref().map(|(_, c)| c));
        report.explanation = match &depicted {
            Some((candidate, _)) => report.explanation.found_by(&search.facts(Some(candidate))),
            None => Explanation::of_nobody(&search.facts(near.first())),
        };
        report.search = Some(search.report(near));
        Ok(report)
    }

    /// Replaces the rounded cosines of the candidates that may reach `threshold` by exact ones, and sorts the candidates by
    /// them. Returns the profiles that were read for it, in the order of the candidates.
    fn compare_exactly(
        &self,
        near: &mut Vec<Candidate>,
        vector: &[f32],
        threshold: f32,
    ) -> Result<Vec<Option<Arc<Profile>>>, ServiceError> {
        let mut compared = Vec::with_capacity(near.len());
        for mut candidate in near.drain(..) {
            let mut profile = None;
            if candidate.cosine + ROUNDING >= threshold {
                match self.gallery.profile(&candidate.enrolled) {
                    Ok(read) => {
                        candidate.cosine = cosine(&read.embedding(Embedding::C).centroid, vector);
                        profile = Some(read);
                    }
                    // Erased or expired meanwhile.
                    Err(e) if e.is_gone() => continue,
                    Err(e) => return Err(e),
                }
            }
            compared.push((candidate, profile));
        }
        compared.sort_by(|(a, _), (b, _)| b.cosine.total_cmp(&a.cosine));
        let (sorted, profiles) = compared.into_iter().unzip();
        *near = sorted;
        Ok(profiles)
    }

    /// A face judged against the identity that it was found to depict; `None` where it is nearer to an image enrolled as not
    /// that person, or the identity has been erased or has expired meanwhile.
    fn judge_found<'a>(
        &self,
        search: &Search,
        candidate: &'a Candidate,
        profile: &'a Profile,
        face: &Face,
        template: &Template,
    ) -> Result<Option<Comparison<'a>>, ServiceError> {
        let (pixels, enrolled) = (&search.found.pixels, candidate.enrolled.as_ref());
        let fusion = self.fusion.of_found_person(&enrolled.record.fields.targets);
        let judgement = Judgement::of_whole_face(template, profile, &fusion);
        if !judgement.depicts_person() {
            return Ok(None);
        }
        let parts = || self.analyser.parts(pixels, face);
        let degraded = || self.degraded_template(pixels, face, search.options.stability_check);
        let judgement = judgement.refined(template, profile, &fusion, parts, degraded)?;
        match self.gallery.still(enrolled) {
            Ok(_) => Ok(Some(Comparison { enrolled, profile, judgement })),
            Err(e) if e.is_gone() => Ok(None),
            Err(e) => Err(e),
        }
    }
}

impl Search<'_> {
    fn report(&self, mut near: Vec<Candidate>) -> SearchReport {
        near.truncate(self.options.top_k.unwrap_or(1));
        let candidate = |c: &Candidate| CandidateReport {
            identity: c.enrolled.name(),
            similarity: c.cosine,
            expected_fpir: self.open_set.fpir(c.cosine),
        };
        let somebody = self.gallery_size > 0;
        SearchReport {
            gallery_size: self.gallery_size,
            threshold: somebody.then_some(self.open_set.threshold),
            target_fpir: self.target_fpir,
            expected_fpir: if somebody { self.open_set.fpir(self.open_set.threshold).unwrap_or_default() } else { 0.0 },
            candidates: near.iter().map(candidate).collect(),
        }
    }

    /// What the search found, in terms of its best candidate.
    fn facts<'a>(&self, best: Option<&'a Candidate>) -> SearchFacts<'a> {
        let nearest = best.map(|c| (c.enrolled.record.fields.display_name.as_str(), c.cosine));
        SearchFacts { gallery_size: self.gallery_size, threshold: self.open_set.threshold, nearest }
    }
}
