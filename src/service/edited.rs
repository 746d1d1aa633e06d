//! Copies of a face that a search found, in the same picture or in another frame of the animation.
//!
//! An edit takes likeness away, perhaps more than a search allows. But a face with the pose, the light and the
//! surroundings of another one was made from that one, as in a comparison of before and after. So it is judged against
//! the person that the other face depicts, as if that identity had been claimed.

use std::sync::Arc;

use super::analyser::Found;
use super::search::{Depicted, Identified};
use super::{Enrolled, Service, ServiceError, VerifyOptions};
use crate::face::Face;
use crate::template::FaceHash;
use crate::verdict::judge;

/// The faces of one picture, or of all frames of an animation that were searched so far.
pub(super) struct Seen {
    /// Whether there are frames, which are searched one after another.
    in_frames: bool,
    /// Those that were found to depict somebody.
    found: Vec<(FaceHash, Arc<Enrolled>)>,
    /// Those of frames that are a copy of none found until then.
    missed: Vec<FaceHash>,
}

impl Seen {
    /// Nothing seen yet.
    pub(super) fn nothing(in_frames: bool) -> Self {
        Self { in_frames, found: Vec::new(), missed: Vec::new() }
    }

    /// Whether a frame shows a copy of a face that was found in a later frame.
    pub(super) fn has_missed_a_copy(&self) -> bool {
        self.missed.iter().any(|&hash| self.original_of(hash).is_some())
    }

    /// Whom the face depicts that this one is a copy of.
    fn original_of(&self, hash: FaceHash) -> Option<&Arc<Enrolled>> {
        let distances = self.found.iter().map(|(found, enrolled)| (found.distance(hash), enrolled));
        let copies = distances.filter(|(distance, _)| *distance <= FaceHash::COPY_DISTANCE);
        copies.min_by_key(|(distance, _)| *distance).map(|(_, enrolled)| enrolled)
    }
}

impl Service {
    /// Judges the faces whose identity is in doubt that are copies of faces found to depict somebody.
    pub(super) fn judge_copies(
        &self,
        found: &Found,
        identified: &mut [Identified],
        options: &VerifyOptions,
        seen: &mut Seen,
    ) -> Result<(), ServiceError> {
        let hash = |face: &Face, of: &Identified| {
            of.template.as_ref().and_then(|t| t.hash).unwrap_or_else(|| FaceHash::of(&found.pixels, face))
        };
        for (face, of) in found.faces.iter().zip(&*identified) {
            if let Some(depicted) = of.depicted.as_ref().filter(|depicted| depicted.is_certain()) {
                seen.found.push((hash(face, of), depicted.enrolled.clone()));
            }
        }
        if seen.found.is_empty() && !seen.in_frames {
            return Ok(());
        }
        for (face, of) in found.faces.iter().zip(identified) {
            if of.depicted.as_ref().is_some_and(Depicted::is_certain) {
                continue;
            }
            let hash = hash(face, of);
            match seen.original_of(hash).cloned() {
                Some(original) => self.judge_copy(found, face, of, &original, options)?,
                None => seen.missed.push(hash),
            }
        }
        Ok(())
    }

    /// Judges a face against the person whom its original depicts. A face that is not like the person stays as it is.
    fn judge_copy(
        &self,
        found: &Found,
        face: &Face,
        of: &mut Identified,
        original: &Arc<Enrolled>,
        options: &VerifyOptions,
    ) -> Result<(), ServiceError> {
        let profile = match self.gallery.profile(original) {
            Ok(profile) => profile,
            Err(e) if e.is_gone() => return Ok(()),
            Err(e) => return Err(e),
        };
        let template = match &mut of.template {
            Some(template) => template,
            none => none.insert(self.analyser.template(&found.pixels, face, None)?),
        };
        let fusion = self.fusion.with_targets(&original.record.fields.targets);
        let confirm = || self.analyser.embed_to_confirm(&found.pixels, face);
        let encode = || self.encode(&found.pixels, face);
        let parts = || self.analyser.parts(&found.pixels, face);
        let degraded = || self.degraded_template(&found.pixels, face, options.stability_check);
        let judgement = judge(template, &profile, &fusion, confirm, encode, parts, degraded)?;
        match self.gallery.still(original) {
            Ok(_) if judgement.depicts_person() => {
                of.depicted = Some(Depicted { enrolled: original.clone(), profile, judgement, candidate: None });
                Ok(())
            }
            Ok(_) => Ok(()),
            Err(e) if e.is_gone() => Ok(()),
            Err(e) => Err(e),
        }
    }
}
