//! The open-set figures: everybody enrolled at once, and a search for strangers and for those enrolled.
//!
//! The folder `others/` of the data holds photographs of strangers. In the terms of ISO/IEC 19795-1, FPIR is the share
//! of strangers' photographs that are taken for somebody enrolled, and FNIR the share of photographs of those enrolled
//! that are not found, or found to be another.

use serde::{Deserialize, Serialize};

use super::measure::enrollment;
use super::statistics::thinned;
use super::{Dataset, Degradation, Draw, Extracted, Judge, Protocol, Seen, Set, draws};
use crate::identity::{OpenSet, Profile, Similarity, Tails};

/// The target rates of the table.
const TARGETS: [f32; 5] = [0.001, 0.0033, 0.01, 0.03, 0.1];
/// The most points of the DET curve.
const POINTS: usize = 250;

/// Searches with the threshold of one target.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenSetRow {
    /// The target FPIR.
    pub target_fpir: f32,
    /// The threshold that follows from it, a mean cosine; the mean over the draws.
    pub threshold: f64,
    /// Strangers taken for somebody enrolled.
    pub fpir: f64,
    /// Genuine photographs of those enrolled that are not found; `None` without any.
    pub fnir: Option<f64>,
    /// Fakes of those enrolled that are not found to depict them; `None` without any.
    pub fakes_missed: Option<f64>,
}

/// The open-set figures of a run, all draws together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenSetFigures {
    /// People enrolled; the mean over the draws.
    pub gallery: f64,
    /// Photographs of strangers with a face.
    pub strangers: usize,
    /// Genuine photographs searched, in all draws.
    pub genuine: usize,
    /// Fakes searched, in all draws.
    pub fakes: usize,
    /// By target, the lowest first.
    pub rows: Vec<OpenSetRow>,
    /// (FPIR, FNIR) by threshold: the DET curve.
    pub curve: Vec<[f64; 2]>,
}

/// The search scores of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OpenSetScores {
    draws: Vec<DrawScores>,
    comparisons: Vec<Similarity>,
}

/// The scores of one draw.
#[derive(Clone, Debug, Default, PartialEq)]
struct DrawScores {
    /// The number of people enrolled.
    gallery: usize,
    /// Each stranger's best match.
    strangers: Vec<Similarity>,
    /// The similarity of each genuine photograph, where its person is the best match; otherwise `None`.
    genuine: Vec<Option<Similarity>>,
    /// As `genuine`, for fakes.
    fakes: Vec<Option<Similarity>>,
}

/// Each person enrolled.
type Enrolled = Vec<(String, Profile)>;

impl OpenSetScores {
    /// Enrolls every draw and searches for every undegraded probe; `None` without strangers.
    pub fn measure<T>(judge: &Judge, dataset: &Dataset<T>, protocol: &Protocol, extracted: &Extracted) -> Option<Self> {
        if dataset.strangers.is_empty() {
            return None;
        }
        let mut scores = Self::default();
        let all = draws(dataset, protocol);
        for of_seed in all.chunk_by(|a, b| a.seed == b.seed) {
            let enrolled = of_seed.iter().filter_map(|draw| {
                let profile = enrollment(judge, draw, extracted).0?;
                Some((draw.person.to_owned(), profile))
            });
            let enrolled: Enrolled = enrolled.collect();
            let mut draw = DrawScores { gallery: enrolled.len(), ..DrawScores::default() };
            for stranger in &dataset.strangers {
                let Some(compared) = compare(&enrolled, extracted, &stranger.path) else { continue };
                draw.strangers.extend(best(&compared));
                scores.comparisons.extend(compared);
            }
            for probes in of_seed {
                draw.search(&enrolled, probes, extracted);
            }
            scores.draws.push(draw);
        }
        Some(scores)
    }

    /// Photographs of strangers with a face.
    pub fn strangers(&self) -> usize {
        self.draws.first().map_or(0, |d| d.strangers.len())
    }

    /// Every comparison of a stranger with an identity, in all draws.
    pub fn comparisons(&self) -> &[Similarity] {
        &self.comparisons
    }

    /// The figures with the thresholds that follow from `tails`.
    pub fn figures(&self, tails: Tails) -> OpenSetFigures {
        let count = |of: fn(&DrawScores) -> usize| self.draws.iter().map(of).sum::<usize>();
        let draws = self.draws.len().max(1) as f64;
        OpenSetFigures {
            gallery: count(|d| d.gallery) as f64 / draws,
            strangers: self.strangers(),
            genuine: count(|d| d.genuine.len()),
            fakes: count(|d| d.fakes.len()),
            rows: TARGETS.into_iter().map(|target| self.row(tails, target)).collect(),
            curve: self.curve(),
        }
    }

    fn row(&self, tails: Tails, target_fpir: f32) -> OpenSetRow {
        let search = |d: &DrawScores| tails.search(d.gallery, target_fpir);
        let share = |wrong: fn(&DrawScores, OpenSet) -> usize, of: fn(&DrawScores) -> usize| {
            let all: usize = self.draws.iter().map(of).sum();
            let wrong: usize = self.draws.iter().map(|d| wrong(d, search(d))).sum();
            (all > 0).then(|| wrong as f64 / all as f64)
        };
        let thresholds: f64 = self.draws.iter().map(|d| f64::from(search(d).threshold)).sum();
        OpenSetRow {
            target_fpir,
            threshold: thresholds / self.draws.len().max(1) as f64,
            fpir: share(|d, s| d.strangers.iter().filter(|v| s.depicts(**v)).count(), |d| d.strangers.len())
                .unwrap_or_default(),
            fnir: share(|d, s| missed(&d.genuine, |v| s.depicts(v)), |d| d.genuine.len()),
            fakes_missed: share(|d, s| missed(&d.fakes, |v| s.depicts(v)), |d| d.fakes.len()),
        }
    }

    fn curve(&self) -> Vec<[f64; 2]> {
        let mut strangers: Vec<f32> = self.draws.iter().flat_map(|d| d.strangers.iter().map(|s| s.score())).collect();
        let genuine: Vec<Option<Similarity>> = self.draws.iter().flat_map(|d| d.genuine.iter().copied()).collect();
        if genuine.is_empty() {
            return Vec::new();
        }
        strangers.sort_by(|a, b| b.total_cmp(a));
        let points = strangers.iter().enumerate().map(|(above, threshold)| {
            let fpir = (above + 1) as f64 / strangers.len() as f64;
            [fpir, missed(&genuine, |v| v.score() >= *threshold) as f64 / genuine.len() as f64]
        });
        thinned(&points.collect::<Vec<_>>(), POINTS)
    }
}

impl DrawScores {
    /// Searches for the genuine photographs and the fakes of one person.
    fn search<T>(&mut self, enrolled: &Enrolled, draw: &Draw<T>, extracted: &Extracted) {
        let Some(own) = enrolled.iter().position(|(person, _)| person == draw.person) else { return };
        for (set, pictures) in &draw.probes {
            let found = match set {
                Set::Real => &mut self.genuine,
                Set::Fake(_) => &mut self.fakes,
                Set::Other => continue,
            };
            for picture in pictures {
                let Some(compared) = compare(enrolled, extracted, &picture.path) else { continue };
                let best = best(&compared).map_or(-1.0, Similarity::score);
                found.push(Some(compared[own]).filter(|v| v.score() >= best));
            }
        }
    }
}

/// For each person enrolled, the similarity of the face in a picture that is most like that person; `None` without a
/// face.
fn compare(enrolled: &Enrolled, extracted: &Extracted, path: &str) -> Option<Vec<Similarity>> {
    let Some(Seen::Faces(faces)) = extracted.get(path, Degradation::None) else { return None };
    let of = |(_, profile): &(String, Profile)| {
        let all: Vec<Similarity> = faces.iter().filter_map(|face| profile.search_similarity(face)).collect();
        best(&all).unwrap_or_default()
    };
    (!faces.is_empty()).then(|| enrolled.iter().map(of).collect())
}

fn best(all: &[Similarity]) -> Option<Similarity> {
    all.iter().copied().max_by(|a, b| a.score().total_cmp(&b.score()))
}

/// The number of photographs that are not found.
fn missed(found: &[Option<Similarity>], is_found: impl Fn(Similarity) -> bool) -> usize {
    found.iter().filter(|v| !v.is_some_and(&is_found)).count()
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "figures that are exact are compared exactly")]
mod tests {
    use super::*;
    use crate::identity::Tail;

    fn alike(score: f32) -> Similarity {
        Similarity { searched: score, confirming: Some(score) }
    }

    fn scores() -> OpenSetScores {
        let found = |all: &[Option<f32>]| all.iter().map(|v| v.map(alike)).collect();
        let draw = DrawScores {
            gallery: 4,
            strangers: (0..1000).map(|i| alike(0.0006 * i as f32)).collect(),
            genuine: found(&[Some(0.9), Some(0.7), Some(0.5), None]),
            fakes: found(&[Some(0.62), Some(0.2)]),
        };
        OpenSetScores { draws: vec![draw], comparisons: Vec::new() }
    }

    #[test]
    fn rates_are_counted_at_the_threshold_of_each_target() {
        let tail = Tail { from: 0.54, share: 0.025, scale: 0.05, shape: -0.1 };
        let tails = Tails { searched: tail, confirmed: tail };
        let figures = scores().figures(tails);
        assert_eq!((figures.gallery, figures.strangers, figures.genuine, figures.fakes), (4.0, 1000, 4, 2));
        for row in &figures.rows {
            let expected = tails.search(4, row.target_fpir).threshold;
            assert!((row.threshold - f64::from(expected)).abs() < 1e-6);
            assert_eq!(row.fpir, (0..1000).filter(|i| 0.0006 * *i as f32 >= expected).count() as f64 / 1000.0);
        }
        let (strict, loose) = (figures.rows[0], figures.rows[4]);
        assert!(strict.threshold > loose.threshold && strict.fnir >= loose.fnir);
        assert_eq!((loose.fnir, loose.fakes_missed), (Some(0.5), Some(0.5)));
    }

    #[test]
    fn the_curve_trades_strangers_for_those_missed() {
        let tail = Tail { from: 0.5, share: 0.1, scale: 0.05, shape: 0.0 };
        let curve = scores().figures(Tails { searched: tail, confirmed: tail }).curve;
        assert!(curve.windows(2).all(|w| w[0][0] < w[1][0] && w[0][1] >= w[1][1]), "{curve:?}");
        assert_eq!(curve.last(), Some(&[1.0, 0.25]));
    }
}
