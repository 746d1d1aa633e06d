//! The scales of the attributes: units and possible values.

/// A unit with the possible values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    /// As in answers, for example `% of the outer-canthal width`.
    pub(super) unit: &'static str,
    /// The least and the greatest possible value.
    pub(super) possible: [f32; 2],
}

const fn scale(unit: &'static str, possible: [f32; 2]) -> Scale {
    Scale { unit, possible }
}

/// Magnitudes without an upper end.
const FROM_ZERO: [f32; 2] = [0.0, f32::INFINITY];
/// Shares of a whole, in %.
const PERCENTAGE: [f32; 2] = [0.0, 100.0];
/// Open at both ends.
const ANY: [f32; 2] = [f32::NEG_INFINITY, f32::INFINITY];

/// Distances between two points, or from a point to a line.
pub(super) const LENGTH: Scale = scale("% of the outer-canthal width", FROM_ZERO);
/// Signed distances of one point above, in front of or beyond another.
pub(super) const OFFSET: Scale = scale(LENGTH.unit, ANY);

/// Ratios of a length to the width of the face.
pub(super) const OF_FACE_WIDTH: Scale = scale("% of the face width", FROM_ZERO);
/// Parts of the height of the face.
pub(super) const OF_FACE_HEIGHT: Scale = scale("% of the face height", PERCENTAGE);
/// Ratios of a length to the distance between the corners of one eye.
pub(super) const OF_EYE_LENGTH: Scale = scale("% of the fissure length", FROM_ZERO);
/// Ratios of a length to the length of the nose.
pub(super) const OF_NOSE_LENGTH: Scale = scale("% of the nose length", FROM_ZERO);
/// Ratios of a length to the height of the lower lip.
pub(super) const OF_LOWER_LIP: Scale = scale("% of the lower lip's height", FROM_ZERO);

/// Angles between two directions.
pub(super) const ANGLE: Scale = scale("degrees", [0.0, 180.0]);
/// Inclinations against the horizontal or the vertical.
pub(super) const TILT: Scale = scale(ANGLE.unit, [-90.0, 90.0]);
/// The individual typology angle, in all four quadrants.
pub(super) const TYPOLOGY_ANGLE: Scale = scale("degrees ITA", [-180.0, 180.0]);

/// CIELAB lightness, black to white.
pub(super) const LIGHTNESS: Scale = scale("CIELAB L*", [0.0, 100.0]);
/// Differences of lightness.
pub(super) const LIGHTNESS_DIFFERENCE: Scale = scale(LIGHTNESS.unit, [-100.0, 100.0]);
/// CIELAB a*, from the green to the magenta of sRGB.
pub(super) const REDNESS: Scale = scale("CIELAB a*", [-86.2, 98.3]);
/// Differences of a*.
pub(super) const REDNESS_DIFFERENCE: Scale = scale(REDNESS.unit, [-184.5, 184.5]);
/// CIELAB b*, from the blue to the yellow of sRGB.
pub(super) const YELLOWNESS: Scale = scale("CIELAB b*", [-107.9, 94.5]);
/// Differences of b*.
pub(super) const YELLOWNESS_DIFFERENCE: Scale = scale(YELLOWNESS.unit, [-202.4, 202.4]);
/// CIELAB chroma, the distance from grey.
pub(super) const CHROMA: Scale = scale("CIELAB C*", FROM_ZERO);
/// The distance between two colours.
pub(super) const COLOUR_DISTANCE: Scale = scale("CIELAB Delta E", FROM_ZERO);
/// The distance between two colours, lightness aside.
pub(super) const CHROMATIC_DISTANCE: Scale = scale("CIELAB Delta a*b*", FROM_ZERO);

/// Fine detail relative to the contrast of the face.
pub(super) const TEXTURE: Scale = scale("% of the face's contrast", FROM_ZERO);
/// Shares of the pixels that were read.
pub(super) const SHARE: Scale = scale("% of the surface", PERCENTAGE);
/// Michelson contrast, (light - dark) / (light + dark); negative where the darker region is the lighter one.
pub(super) const CONTRAST: Scale = scale("% (Michelson)", [-100.0, 100.0]);
/// Ratios of two magnitudes, 20 log10.
pub(super) const DECIBELS: Scale = scale("dB", ANY);
/// Logits of the forensic network.
pub(super) const LOGIT: Scale = scale("logit", ANY);

#[cfg(test)]
mod tests {
    use super::super::colour::{Lab, linear};
    use super::*;

    #[test]
    fn the_ranges_of_colour_are_those_of_srgb() {
        let corner = |i: u8| Lab::of_linear([1, 2, 4].map(|bit| if i & bit == 0 { 0.0 } else { linear(255.0) }));
        let corners: Vec<Lab> = (0..8).map(corner).collect();
        let check = |scale: Scale, of: fn(&Lab) -> f32| {
            let [least, greatest] = scale.possible;
            let lowest = corners.iter().map(of).fold(f32::INFINITY, f32::min);
            let highest = corners.iter().map(of).fold(f32::NEG_INFINITY, f32::max);
            assert!((0.0..0.1).contains(&(lowest - least)), "{scale:?}: {lowest}");
            assert!((0.0..0.1).contains(&(greatest - highest)), "{scale:?}: {highest}");
        };
        check(REDNESS, |c| c.a);
        check(YELLOWNESS, |c| c.b);
        for (difference, of) in [(REDNESS_DIFFERENCE, REDNESS), (YELLOWNESS_DIFFERENCE, YELLOWNESS)] {
            let span = of.possible[1] - of.possible[0];
            assert!((difference.possible[0] + span).abs() < 1e-3, "{difference:?}");
            assert!((difference.possible[1] - span).abs() < 1e-3, "{difference:?}");
        }
    }
}
