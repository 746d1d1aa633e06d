//! Reading kept images again, after a network was replaced.

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::{Service, ServiceError};
use crate::identity::{IdentityId, Sample};
use crate::template::{Embedding, Template, cosine};

/// The least cosine, by an embedding that stayed the same, of a face with the same face as it was read before.
const SAME_FACE_COSINE: f32 = 0.9;

/// What reading an identity's images again came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Refreshed {
    /// The samples that were read again.
    pub read: Vec<Uuid>,
    /// The samples of earlier networks that could not be: no image of them is kept, or their face is not found in it.
    /// They stay as they are, and verify claims by what they have.
    pub left: Vec<Uuid>,
}

impl Service {
    /// The number of identities that have references, but none that a search can compare: their templates were made by
    /// earlier networks.
    ///
    /// # Errors
    /// When the service is in an undefined state.
    pub fn outdated(&self) -> Result<usize, ServiceError> {
        Ok(self.gallery.page(None, usize::MAX)?.iter().filter(|e| e.is_outdated()).count())
    }

    /// The identities of which a reference lacks an embedding.
    ///
    /// # Errors
    /// When the service is in an undefined state.
    pub(crate) fn partly_outdated(&self) -> Result<Vec<IdentityId>, ServiceError> {
        let all = self.gallery.page(None, usize::MAX)?;
        let outdated = all.iter().filter(|e| e.agreement.iter().any(|a| (a.vectors as usize) < e.references));
        Ok(outdated.map(|e| e.record.id.clone()).collect())
    }

    /// Reads the samples again that lack an embedding, where their images are kept.
    pub(super) fn refresh(&self, id: &IdentityId) -> Result<Refreshed, ServiceError> {
        let (mut refreshed, mut templates) = (Refreshed::default(), Vec::new());
        for sample in self.samples(id)?.iter().filter(|s| s.template.is_outdated()) {
            match self.read_again(id, sample)? {
                Some(template) => {
                    templates.push((sample.id, template));
                    refreshed.read.push(sample.id);
                }
                None => refreshed.left.push(sample.id),
            }
        }
        if !templates.is_empty() {
            let _writing = self.writing.lock().map_err(|_| ServiceError::Poisoned)?;
            self.store.replace_templates(id, &templates, Timestamp::now())?;
            self.gallery.refresh(id)?;
        }
        Ok(refreshed)
    }

    /// The template of the same face in the sample's image; `None` where there is none.
    fn read_again(&self, id: &IdentityId, sample: &Sample) -> Result<Option<Template>, ServiceError> {
        let Some(image) = self.store.image(id, sample.id)? else { return Ok(None) };
        let faces = match self.analyser.analyse_completely(&image) {
            Ok(analysis) => analysis.into_templates(),
            Err(ServiceError::Image(_)) => return Ok(None),
            Err(e) => return Err(e),
        };
        Ok(same_face(&sample.template, faces))
    }
}

/// The face that is most like the earlier template by the embeddings that it still has.
fn same_face(before: &Template, faces: Vec<Template>) -> Option<Template> {
    let kept: Vec<Embedding> = Embedding::ALL.into_iter().filter(|&e| !before.embeddings.get(e).is_empty()).collect();
    let alike = |face: &Template| {
        let cosines = kept.iter().map(|&e| cosine(before.embeddings.get(e), face.embeddings.get(e)));
        cosines.sum::<f32>() / kept.len().max(1) as f32
    };
    let all = faces.into_iter().map(|face| (alike(&face), face));
    all.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(alike, _)| *alike >= SAME_FACE_COSINE).map(|(_, face)| face)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::fixtures::{near, template};

    #[test]
    fn the_same_face_is_known_by_what_it_kept() {
        let whole = near(1, 1);
        let before = Template { embeddings: whole.embeddings.clone().only(|e| e != Embedding::C), ..whole.clone() };
        assert!(before.is_outdated() && !whole.is_outdated());
        let faces = vec![template(7), near(1, 2), whole.clone(), template(8)];
        assert_eq!(same_face(&before, faces), Some(whole));
        assert_eq!(same_face(&before, vec![template(7), near(1, 2)]), None, "another photograph is another image");
        assert_eq!(same_face(&before, Vec::new()), None);
    }
}
