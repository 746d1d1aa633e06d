//! The inner face against its outline. A face swap replaces the inner face and keeps the rest, so that they differ in
//! colour, sharpness or noise (Li et al., "Face X-ray", CVPR 2020; Shiohara and Yamasaki, "Detecting deepfakes with
//! self-blended images", CVPR 2022).

use super::conditions::{COLOUR, DETAIL, LIGHTNESS};
use super::scale;
use super::surface::{Disc, Surface, median};
use super::table::{Attribute, Measure};
use crate::face::index::CHIN;
use crate::imaging::Point;

/// Mesh points of the outline from ear to ear below the cheekbones; hair covers the upper part.
const LOWER_OUTLINE: [usize; 13] = [93, 132, 58, 172, 136, 150, 149, 378, 379, 365, 397, 288, 361];
/// The radius of the discs along the outline, in pixels of the patch.
const RADIUS: f32 = 4.0;
/// Mesh points whose mean is the middle of the face, whatever the pose.
const MIDDLE: [usize; 4] = [93, 323, 152, 6];
/// The places inside and outside the outline, as shares of the way from the middle to it.
const INSIDE: f32 = 0.86;
const BEYOND: f32 = 1.16;
/// The place of the upper neck, as a share of the way from the middle to the chin.
const NECK: f32 = 1.22;

/// A disc at `share` of the way from the middle of the face to mesh point `i`.
fn towards(s: &Surface, i: usize, share: f32) -> Disc {
    let (from, to) = (s.disc(&MIDDLE, RADIUS).centre, s.at(i));
    let centre = Point::new(from.x + (to.x - from.x) * share, from.y + (to.y - from.y) * share);
    Disc { centre, radius: RADIUS }
}

fn rim(s: &Surface, share: f32) -> Vec<Disc> {
    LOWER_OUTLINE.iter().map(|&i| towards(s, i, share)).collect()
}

/// Skin well inside the face.
fn inner(s: &Surface) -> Vec<Disc> {
    let [right, left] = s.cheeks();
    vec![right, left, s.disc(&[195], 4.0), s.chin()]
}

fn decibels(a: f32, b: f32) -> f32 {
    20.0 * (a.max(0.05) / b.max(0.05)).log10()
}

/// The noise below which the quietest quarter of the discs lies; the others hold hair and background.
fn quiet_noise(s: &Surface, discs: &[Disc]) -> Option<f32> {
    let mut values: Vec<f32> = discs.iter().filter_map(|d| s.noise(&[*d])).collect();
    values.sort_unstable_by(f32::total_cmp);
    values.get(values.len() / 4).copied()
}

/// The Michelson contrast of eyes, brows and lips against the cheeks, in %.
fn contrast(s: &Surface) -> Option<f32> {
    let features = [[33, 133], [263, 362], [105, 52], [334, 282], [0, 13], [14, 17]];
    let dark = median(s.lumas(&features.map(|p| s.disc(&p, 3.0))))?;
    let light = median(s.lumas(&s.cheeks()))?;
    Some((light - dark) / (light + dark).max(1.0) * 100.0)
}

/// The measures of the whole face.
pub(super) const TABLE: &[Attribute] = &[
    Attribute {
        name: "facial_contrast",
        label: "contrast of the features against the skin",
        scale: scale::CONTRAST,
        source: "luma of cheeks against eyes, brows and lips (after Russell 2009)",
        conditions: LIGHTNESS,
        measure: Measure::Surface(contrast),
    },
    Attribute {
        name: "outline_colour_difference",
        label: "difference in colour between inner face and outline",
        scale: scale::CHROMATIC_DISTANCE,
        source: "chromatic distance of the cheeks from the rim along the jaw (after Li et al. 2020)",
        conditions: COLOUR,
        measure: Measure::Surface(|s| Some(s.colour(&inner(s))?.chromatic_difference(s.colour(&rim(s, INSIDE))?))),
    },
    Attribute {
        name: "neck_colour_difference",
        label: "difference in colour between face and neck",
        scale: scale::CHROMATIC_DISTANCE,
        source: "chromatic distance of the cheeks from the skin below the chin (after Li et al. 2020)",
        conditions: COLOUR,
        measure: Measure::Surface(|s| {
            let neck = [CHIN, 176, 400].map(|i| towards(s, i, NECK));
            Some(s.colour(&s.cheeks())?.chromatic_difference(s.colour(&neck)?))
        }),
    },
    Attribute {
        name: "sharpness_ratio",
        label: "sharpness of the inner face against its outline",
        scale: scale::DECIBELS,
        source: "mean absolute Laplacian inside over that along the rim (after Shiohara and Yamasaki 2022)",
        conditions: DETAIL,
        measure: Measure::Surface(|s| Some(decibels(s.detail(&inner(s))?, s.detail(&rim(s, INSIDE))?))),
    },
    Attribute {
        name: "noise_ratio",
        label: "noise inside the face against its surroundings",
        scale: scale::DECIBELS,
        source: "robust Immerkaer noise inside over the quietest quarter just outside (Immerkaer 1996)",
        conditions: DETAIL,
        measure: Measure::Surface(|s| Some(decibels(s.noise(&inner(s))?, quiet_noise(s, &rim(s, BEYOND))?))),
    },
];
