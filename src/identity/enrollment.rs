//! The rules of enrollment: which photographs become references, with which of their faces, and why others are refused.
//!
//! A photograph may show several people; the face that most photographs show is the person's. A photograph that does
//! not agree with the others is refused with its reason.

use serde::Serialize;

use super::{Population, Profile};
use crate::error_code::ErrorCode;
use crate::face::{Areas, Component};
use crate::template::{Embedding, Template, cosine};

/// One image offered as a reference.
#[derive(Clone, Debug)]
pub struct OfferedImage {
    /// SHA-256 of the encoded image, hex.
    pub sha256: String,
    /// One template per face, the largest face first.
    pub faces: Vec<Template>,
}

/// The reason why an image is not taken as a reference.
#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// No face was found.
    #[error("no face was found: send a photograph in which the person's face is large and uncovered")]
    NoFace,
    /// Several faces, and neither their size nor the other photographs tell which one is the person.
    #[error("{0} faces, and none is clearly the largest: crop the photograph to the person")]
    SeveralFaces(usize),
    /// A quality component is too weak.
    #[error("{}", too_poor(*component, *value))]
    Quality {
        /// The component.
        component: Component,
        /// In its native unit.
        value: f32,
    },
    /// Areas that tell people apart are covered.
    #[error("{} covered: send a photograph in which the face is uncovered", .0.are())]
    Occluded(Areas),
    /// The same photograph is already enrolled, or was sent twice.
    #[error("the same photograph is already enrolled, or was sent twice: send another photograph")]
    Duplicate,
    /// The face does not show the person in the other photographs.
    #[error(
        "does not show the person in the other references (likeness {likeness:.1}, at least {least:.1} is needed; \
         at 0 it is as likely this person as not): leave it out, or delete the references that show somebody else"
    )]
    NotSamePerson {
        /// The natural log odds that it shows the person in the other references.
        likeness: f32,
        /// The least likeness that is accepted.
        least: f32,
    },
}

impl Refusal {
    /// The stable code in answers.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NoFace => ErrorCode::NoFace,
            Self::SeveralFaces(_) => ErrorCode::SeveralFaces,
            Self::Quality { component, .. } => match component {
                Component::FaceSize => ErrorCode::FaceTooSmall,
                Component::Sharpness => ErrorCode::FaceTooBlurred,
                Component::Exposure | Component::DynamicRange => ErrorCode::FaceTooDarkOrBright,
                Component::Pose => ErrorCode::FaceTurnedTooFar,
                Component::Landmarks | Component::DetectorConfidence => ErrorCode::FaceUncertain,
                Component::Occlusion => ErrorCode::FaceOccluded,
            },
            Self::Occluded(_) => ErrorCode::FaceOccluded,
            Self::Duplicate => ErrorCode::Duplicate,
            Self::NotSamePerson { .. } => ErrorCode::NotSamePerson,
        }
    }
}

/// Why a face of this quality is refused, and what to do.
fn too_poor(component: Component, value: f32) -> String {
    let (label, unit, decimals) = (component.label(), component.unit(), component.decimals());
    // Rounded down, so that a score below the least never reads as if it reached it.
    let score = component.score(value).floor();
    format!(
        "{label}: {score:.0} of 100, at least {MIN_COMPONENT_SCORE:.0} is needed for a reference ({value:.decimals$} \
         {unit}): send a photograph in which the face is {}",
        component.advice()
    )
}

/// The outcome for an offered image: the index of the face taken, or the refusal.
pub type Outcome = Result<usize, Refusal>;

/// A face whose box is this many times as large as the next is dominant.
const DOMINANT_AREA_RATIO: f32 = 2.5;
/// The least score (0..=100) of every quality component of a reference.
const MIN_COMPONENT_SCORE: f32 = 8.0;
/// Two photographs are copies of each other when the cosines of embeddings A (the most sensitive to framing) and B
/// exceed these.
const COPY_COSINES: [(Embedding, f32); 2] = [(Embedding::A, 0.985), (Embedding::B, 0.995)];
/// A face with less likeness to the other references, in natural log odds, is not the same person's.
const LEAST_LIKENESS: f32 = 0.0;
/// The most iterations of choosing faces by agreement.
const MAX_ITERATIONS: usize = 5;

/// The outcomes for `candidates`, in their order, given the references that are already enrolled.
pub fn admit(enrolled: &[(String, Template)], candidates: &[OfferedImage], population: &Population) -> Vec<Outcome> {
    let known: Vec<&Template> = enrolled.iter().map(|(_, t)| t).collect();
    let mut outcomes: Vec<Outcome> = choose_faces(&known, candidates, population);
    refuse_copies(enrolled, candidates, &mut outcomes);
    refuse_strangers(&known, candidates, &mut outcomes, population);
    outcomes
}

/// Chooses a face in each candidate: among several, the one that agrees best with the enrolled references and with the
/// faces chosen in the other candidates.
fn choose_faces(known: &[&Template], candidates: &[OfferedImage], population: &Population) -> Vec<Outcome> {
    let mut chosen: Vec<usize> = vec![0; candidates.len()];
    for _ in 0..MAX_ITERATIONS {
        let mut next = chosen.clone();
        for (i, candidate) in candidates.iter().enumerate().filter(|(_, c)| c.faces.len() > 1) {
            let others = candidates.iter().zip(&chosen).enumerate().filter(|(j, _)| *j != i);
            let others = others.filter_map(|(_, (c, &k))| c.faces.get(k));
            let peers: Vec<&Template> = known.iter().copied().chain(others).collect();
            let agreement = |f: &Template| median(peers.iter().map(|p| alike(f, p, population)).collect());
            let best = candidate.faces.iter().map(agreement).enumerate().max_by(|a, b| a.1.total_cmp(&b.1));
            next[i] = best.map_or(0, |(k, _)| k);
        }
        if next == chosen {
            break;
        }
        chosen = next;
    }
    let alone = known.is_empty() && candidates.len() < 3;
    candidates.iter().zip(chosen).map(|(c, k)| accept_face(c, k, alone)).collect()
}

fn accept_face(candidate: &OfferedImage, face: usize, alone: bool) -> Outcome {
    let template = candidate.faces.get(face).ok_or(Refusal::NoFace)?;
    if alone && let [first, second, ..] = &candidate.faces[..] {
        // Without other photographs, only size tells which face is the person.
        if first.bbox.area() < DOMINANT_AREA_RATIO * second.bbox.area() {
            return Err(Refusal::SeveralFaces(candidate.faces.len()));
        }
    }
    let covered = template.occlusion.map_or(Areas::NONE, |o| o.covered());
    if !covered.and(Areas::FEATURES).is_empty() {
        return Err(Refusal::Occluded(covered));
    }
    let weak = template.quality.weakest().filter(|c| c.score < MIN_COMPONENT_SCORE);
    weak.map_or(Ok(face), |c| Err(Refusal::Quality { component: c.component, value: c.value }))
}

fn refuse_copies(enrolled: &[(String, Template)], candidates: &[OfferedImage], outcomes: &mut [Outcome]) {
    let copies = |a: &Template, b: &Template| {
        COPY_COSINES.iter().all(|&(e, least)| cosine(a.embeddings.get(e), b.embeddings.get(e)) > least)
    };
    for i in 0..candidates.len() {
        let Some(face) = taken(candidates, outcomes, i) else { continue };
        let sha = &candidates[i].sha256;
        let before = (0..i).filter_map(|j| taken(candidates, outcomes, j).map(|t| (&candidates[j].sha256, t)));
        let mut all = enrolled.iter().map(|(s, t)| (s, t)).chain(before);
        if all.any(|(s, t)| s == sha || copies(face, t)) {
            outcomes[i] = Err(Refusal::Duplicate);
        }
    }
}

/// Refuses the faces that are unlike the rest, the worst first, until the remaining ones agree. References that are
/// already enrolled are never refused: new faces must agree with them.
fn refuse_strangers(
    known: &[&Template],
    candidates: &[OfferedImage],
    outcomes: &mut [Outcome],
    population: &Population,
) {
    loop {
        let standing: Vec<usize> = (0..candidates.len()).filter(|&i| outcomes[i].is_ok()).collect();
        if known.len() + standing.len() < 2 {
            return;
        }
        let likeness = |i: usize| -> Option<f32> {
            let face = taken(candidates, outcomes, i)?;
            let others = standing.iter().filter(|&&j| j != i).filter_map(|&j| taken(candidates, outcomes, j));
            let rest: Vec<Template> = known.iter().copied().chain(others).cloned().collect();
            Some(Profile::of_templates(rest, population)?.likeness(face))
        };
        let worst = standing.iter().filter_map(|&i| Some((i, likeness(i)?))).min_by(|a, b| a.1.total_cmp(&b.1));
        match worst {
            // Of two that disagree the later one is refused, as nothing else tells them apart.
            Some((_, l)) if l < LEAST_LIKENESS && known.is_empty() && standing.len() == 2 => {
                outcomes[standing[1]] = Err(Refusal::NotSamePerson { likeness: l, least: LEAST_LIKENESS });
            }
            Some((i, l)) if l < LEAST_LIKENESS => {
                outcomes[i] = Err(Refusal::NotSamePerson { likeness: l, least: LEAST_LIKENESS });
            }
            _ => return,
        }
    }
}

fn taken<'a>(candidates: &'a [OfferedImage], outcomes: &[Outcome], i: usize) -> Option<&'a Template> {
    outcomes[i].as_ref().ok().and_then(|&k| candidates[i].faces.get(k))
}

/// How alike two faces are: the cosine's deviation from that of two photographs of one person, in standard deviations,
/// summed over the embeddings.
fn alike(a: &Template, b: &Template, population: &Population) -> f32 {
    let share = |e: Embedding| {
        let prior = population.prior(e);
        // One of an earlier network says nothing.
        if a.embeddings.get(e).len() != b.embeddings.get(e).len() {
            return 0.0;
        }
        (cosine(a.embeddings.get(e), b.embeddings.get(e)) - prior.pairwise) / prior.spread.max(1e-3)
    };
    Embedding::JUDGED.iter().map(|&e| share(e)).sum::<f32>()
}

fn median(mut values: Vec<f32>) -> f32 {
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::{Area, Occlusion, Quality};
    use crate::identity::fixtures::{near, population, template};

    fn candidate(sha: u64, faces: Vec<Template>) -> OfferedImage {
        OfferedImage { sha256: format!("{sha:064x}"), faces }
    }

    #[test]
    fn the_wrong_photograph_among_ten_is_found_and_named() {
        let mut all: Vec<OfferedImage> = (0..10).map(|i| candidate(i, vec![near(1, i)])).collect();
        all[6] = candidate(6, vec![template(2)]);
        let outcomes = admit(&[], &all, &population());
        for (i, o) in outcomes.iter().enumerate() {
            assert_eq!(o.is_ok(), i != 6, "{i}: {o:?}");
        }
        assert_eq!(outcomes[6].as_ref().unwrap_err().code(), ErrorCode::NotSamePerson);
    }

    #[test]
    fn the_person_is_found_among_bystanders() {
        let mut all: Vec<OfferedImage> = (0..5).map(|i| candidate(i, vec![near(1, i)])).collect();
        all.push(candidate(9, vec![template(7), template(8), near(1, 50)]));
        assert_eq!(admit(&[], &all, &population())[5], Ok(2));
        // alone, with nothing to agree with and no dominant face, it is refused
        assert_eq!(admit(&[], &all[5..], &population())[0].as_ref().unwrap_err().code(), ErrorCode::SeveralFaces);
    }

    #[test]
    fn copies_are_refused_by_hash_and_by_face() {
        let first = candidate(1, vec![near(1, 1)]);
        let again = candidate(1, vec![near(1, 2)]);
        let recoded = candidate(3, vec![near(1, 1)]);
        let outcomes = admit(&[], &[first.clone(), again, recoded], &population());
        assert_eq!(outcomes[0], Ok(0));
        assert_eq!(outcomes[1], Err(Refusal::Duplicate));
        assert_eq!(outcomes[2], Err(Refusal::Duplicate));
        let enrolled = vec![(first.sha256.clone(), near(1, 1))];
        assert_eq!(admit(&enrolled, &[first], &population())[0], Err(Refusal::Duplicate));
    }

    #[test]
    fn poor_and_empty_pictures_are_refused_with_their_reason() {
        let mut small = near(1, 1);
        small.quality = Quality::from_values([(Component::FaceSize, 8.0)]);
        let outcomes = admit(&[], &[candidate(1, vec![small]), candidate(2, vec![])], &population());
        assert_eq!(outcomes[0].as_ref().unwrap_err().code(), ErrorCode::FaceTooSmall);
        assert_eq!(outcomes[1], Err(Refusal::NoFace));
    }

    #[test]
    fn covered_faces_are_refused_and_what_is_covered_is_named() {
        let covered = |areas: &[Area]| {
            let shares = Area::ALL.map(|a| if areas.contains(&a) { 0.9 } else { 0.1 });
            Template { occlusion: Some(Occlusion::new(shares)), ..near(1, 1) }
        };
        let refusal = |areas: &[Area]| {
            admit(&[], &[candidate(1, vec![covered(areas)])], &population())
                .remove(0)
                .map_err(|r| (r.code(), r.to_string()))
        };
        let (code, detail) = refusal(&[Area::Nose, Area::Mouth, Area::Chin]).unwrap_err();
        assert_eq!(code, ErrorCode::FaceOccluded);
        assert_eq!(
            detail,
            "the nose, the mouth and the chin are covered: send a photograph in which the face is uncovered"
        );
        assert!(refusal(&[Area::LeftEye]).is_err());
        assert_eq!(refusal(&[Area::Chin, Area::Forehead]), Ok(0));
    }

    #[test]
    fn one_photograph_is_enough() {
        assert_eq!(admit(&[], &[candidate(1, vec![near(1, 1)])], &population()), vec![Ok(0)]);
    }
}
