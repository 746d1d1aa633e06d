//! Enrolls every draw and verifies every probe, by the service's own rules.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Dataset, Draw, Explained, Extracted, Judge, OpenSetScores, Protocol, Seen, draws, enroll};
use crate::error_code::ErrorCode;
use crate::face::BoundingBox;
use crate::identity::{OfferedImage, Profile};
use crate::template::{Demographics, Sex, Template};
use crate::verdict::{Explanation, ImageDecision, Judgement, Verdict};

/// The answer for one probe.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Record {
    /// The number of the draw.
    pub seed: u64,
    /// The claimed identity.
    pub identity: String,
    /// The degradation.
    pub degrade: String,
    /// `real`, `fake:METHOD` or `other`.
    pub set: String,
    /// The picture's path below the data folder.
    pub path: String,
    /// The verdict; `None` where the probe failed.
    pub verdict: Option<Verdict>,
    /// The code of the problem, where the probe failed.
    pub error: Option<String>,
    /// The score of the deciding face, 0..=1; `None` without a face.
    pub score: Option<f64>,
    /// The natural log odds that the deciding face depicts the person.
    pub likeness: Option<f64>,
    /// The deciding face's quality, 0..=100.
    pub quality: Option<f64>,
    /// The claims of the explanation; `None` without a face.
    pub explained: Option<Explained>,
    /// The forged regions of the face, where they are known and not the whole face.
    pub forged: Option<Vec<String>>,
    /// The box of the deciding face.
    #[serde(skip)]
    pub bbox: Option<BoundingBox>,
}

impl Record {
    /// `real`, `fake` or `other`.
    pub fn kind(&self) -> &str {
        self.set.split(':').next().unwrap_or_default()
    }
}

/// One enrollment.
#[derive(Clone, Debug)]
pub struct Enrollment {
    /// The number of the draw.
    pub seed: u64,
    /// The enrolled person.
    pub identity: String,
    /// Photographs offered.
    pub offered: usize,
    /// Photographs accepted.
    pub accepted: usize,
    /// The codes of the refusals.
    pub refused: Vec<String>,
}

/// Age, sex and skin tone as they are read from a person's enrolled photographs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Apparent {
    /// The median over the photographs, in years.
    pub age: f32,
    /// From the mean over the photographs.
    pub sex: Sex,
    /// The median individual typology angle over the photographs in which it can be read, in degrees.
    pub skin_tone: Option<f32>,
}

/// The answers and enrollments of a run.
#[derive(Debug, Default)]
pub struct Measured {
    /// In the order of seed, person, degradation, set.
    pub records: Vec<Record>,
    /// In the order of seed and person.
    pub enrollments: Vec<Enrollment>,
    /// Forgeries left out in all draws, see [`Draw::excluded`].
    pub excluded: usize,
    /// By person.
    pub apparent: BTreeMap<String, Apparent>,
    /// The searches; `None` where the folder has no strangers.
    pub open_set: Option<OpenSetScores>,
}

/// Runs `protocol` on extracted templates.
pub fn measure<T>(judge: &Judge, dataset: &Dataset<T>, protocol: &Protocol, extracted: &Extracted) -> Measured {
    let mut measured = Measured::default();
    let mut enrolled: BTreeMap<String, Vec<(Demographics, Option<f32>)>> = BTreeMap::new();
    for draw in draws(dataset, protocol) {
        let (profile, enrollment) = enrollment(judge, &draw, extracted);
        let read = profile.iter().flat_map(Profile::templates);
        let read = read.map(|t| (t.demographics.clone(), t.attributes.get("skin_tone")));
        enrolled.entry(draw.person.to_owned()).or_default().extend(read);
        measured.enrollments.push(enrollment);
        measured.excluded += draw.excluded;
        for &how in &protocol.degradations {
            for (set, pictures) in &draw.probes {
                for picture in pictures {
                    let mut record = answer(judge, profile.as_ref(), extracted.get(&picture.path, how));
                    record.seed = draw.seed;
                    draw.person.clone_into(&mut record.identity);
                    record.degrade = how.to_string();
                    record.set = set.to_string();
                    record.path.clone_from(&picture.path);
                    measured.records.push(record);
                }
            }
        }
    }
    measured.open_set = OpenSetScores::measure(judge, dataset, protocol, extracted);
    measured.apparent = enrolled.into_iter().filter_map(|(person, d)| Some((person, apparent(&d)?))).collect();
    measured
}

pub(super) fn enrollment<T>(judge: &Judge, draw: &Draw<T>, extracted: &Extracted) -> (Option<Profile>, Enrollment) {
    let photographs = draw.references.iter().map(|r| {
        let faces = match extracted.get(&r.path, super::Degradation::None) {
            Some(Seen::Faces(faces)) => faces.clone(),
            _ => Vec::new(),
        };
        // The path names the bytes: the same picture twice under two names is found by its face.
        OfferedImage { sha256: r.path.clone(), faces }
    });
    let (profile, outcomes) = enroll(photographs.collect(), &judge.population);
    let refused: Vec<String> = outcomes.iter().filter_map(|o| Some(o.as_ref().err()?.code().to_string())).collect();
    let enrollment = Enrollment {
        seed: draw.seed,
        identity: draw.person.to_owned(),
        offered: outcomes.len(),
        accepted: outcomes.len() - refused.len(),
        refused,
    };
    (profile, enrollment)
}

/// The service's answer; the caller fills in the probe's person, set and path.
fn answer(judge: &Judge, profile: Option<&Profile>, seen: Option<&Seen>) -> Record {
    let mut record = Record::default();
    match (profile, seen) {
        (None, _) => record.error = Some(ErrorCode::IdentityWithoutReferences.into()),
        (_, None) => record.error = Some(ErrorCode::Internal.into()),
        (_, Some(Seen::Failed(code))) => record.error = Some(code.clone()),
        (Some(profile), Some(Seen::Faces(faces))) => decide(&mut record, judge, profile, faces),
    }
    record
}

fn decide(record: &mut Record, judge: &Judge, profile: &Profile, faces: &[Template]) {
    let image = ImageDecision::judge(faces, profile, &judge.fusion);
    let Some(deciding) = image.deciding else {
        record.verdict = Some(Verdict::NoFace);
        return;
    };
    let Judgement { evidence, decision, .. } = &image.faces[deciding];
    let template = &faces[deciding];
    record.verdict = Some(decision.verdict);
    record.score = Some(f64::from(decision.score));
    record.likeness = Some(f64::from(evidence.likeness));
    record.quality = Some(f64::from(template.quality.score));
    record.explained = Some(Explained::of(&Explanation::of("the person", decision, evidence)));
    record.bbox = Some(template.bbox);
}

fn apparent(faces: &[(Demographics, Option<f32>)]) -> Option<Apparent> {
    let age = median(faces.iter().map(|(read, _)| read.age))?;
    let male = faces.iter().map(|(read, _)| read.male).sum::<f32>() / faces.len() as f32;
    let skin_tone = median(faces.iter().filter_map(|(_, tone)| *tone));
    Some(Apparent { age, sex: Demographics { age, male }.sex(), skin_tone })
}

fn median(values: impl Iterator<Item = f32>) -> Option<f32> {
    let mut values: Vec<f32> = values.collect();
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied()
}
