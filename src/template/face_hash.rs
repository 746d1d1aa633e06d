//! A perceptual hash of a face with its surroundings: by it, a copy of a picture is told from another picture of the same
//! person.
//!
//! 256 signs of the lowest frequencies of a small grey square about the face, as PDQ and pHash do it for whole pictures.
//! Encoding anew, scaling and cropping leave them nearly as they are, as long as the square stays in the picture; mirrored
//! or turned pictures get another hash. It is no measure of identity: strangers and other photographs of the same person
//! are about equally far.

use std::array::from_fn;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::face::{CropPlan, Face};
use crate::imaging::{Patch, Point, Pyramid};

/// 256 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaceHash(pub [u8; 32]);

/// The side of the square that is hashed, in pixels.
const SIDE: usize = 32;
/// Frequencies along each axis, from the lowest above zero.
const WAVES: usize = 16;
/// The side of the square in the picture, in root mean squares of the mesh's distance from its centre: about twice the
/// face. The mesh has 468 points, so that both centre and size hardly move when a picture is encoded anew.
const SPAN: f32 = 5.0;

/// The cosines of the transform (DCT-II), one row a frequency.
static COSINES: LazyLock<[[f32; SIDE]; WAVES]> = LazyLock::new(|| {
    let step = std::f32::consts::PI / SIDE as f32;
    from_fn(|k| from_fn(|x| ((k + 1) as f32 * (x as f32 + 0.5) * step).cos()))
});

impl FaceHash {
    /// Two hashes that differ in at most this many bits are of copies of one picture (docs/robustness.md).
    pub const COPY: u32 = 48;

    /// The hash of one face of `image`.
    pub fn of(image: &Pyramid, face: &Face) -> Self {
        let points = &face.mesh.points;
        let n = points.len().max(1) as f32;
        let sum = points.iter().fold([0.0; 2], |s, p| [s[0] + p[0], s[1] + p[1]]);
        let centre = Point::new(sum[0] / n, sum[1] / n);
        let squares: f32 = points.iter().map(|p| Point::new(p[0], p[1]).distance(centre).powi(2)).sum();
        let plan = CropPlan { centre, side: SPAN * (squares / n).sqrt().max(1.0), roll: 0.0 };
        let side = SIDE as u32;
        Self::of_square(&Patch::sample(image, &plan.map(side), side, side).luma())
    }

    /// The hash of `SIDE` rows of as many grey values.
    fn of_square(grey: &[f32]) -> Self {
        // Along the rows first, then along the columns.
        let dot = |wave: &[f32; SIDE], values: &mut dyn Iterator<Item = f32>| -> f32 {
            wave.iter().zip(values).map(|(c, v)| c * v).sum()
        };
        let rows: Vec<[f32; WAVES]> =
            grey.chunks(SIDE).map(|row| from_fn(|k| dot(&COSINES[k], &mut row.iter().copied()))).collect();
        let waves: Vec<f32> =
            (0..WAVES * WAVES).map(|i| dot(&COSINES[i / WAVES], &mut rows.iter().map(|row| row[i % WAVES]))).collect();
        let mut sorted = waves.clone();
        sorted.sort_by(f32::total_cmp);
        let median = sorted[sorted.len() / 2];
        Self(from_fn(|byte| (0..8).fold(0, |bits, bit| bits | u8::from(waves[8 * byte + bit] > median) << bit)))
    }

    /// How many of the 256 bits differ.
    pub fn distance(self, other: Self) -> u32 {
        self.0.iter().zip(other.0).map(|(a, b)| (a ^ b).count_ones()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn light_and_noise_move_it_little_and_another_picture_far() {
        // Blocks of 2 x 2 in random greys, so that there is something at every frequency.
        let picture = |seed: u32, gain: f32, noise: u32| {
            let pixel = |x: u32, y: u32| {
                let block = (x / 2 + 16 * (y / 2) + 257 * seed).wrapping_mul(0x9e37_79b9);
                let grain = ((x * 31 + y * 17) % (noise + 1)) as f32;
                ((block ^ (block >> 15)).wrapping_mul(0x85eb_ca6b) >> 24) as f32 * gain + grain
            };
            let square: Vec<f32> = (0..(SIDE * SIDE) as u32).map(|i| pixel(i % 32, i / 32)).collect();
            FaceHash::of_square(&square)
        };
        let one = picture(1, 1.0, 0);
        assert_eq!(one.distance(one), 0);
        assert!(one.distance(picture(1, 0.9, 3)) <= FaceHash::COPY, "{}", one.distance(picture(1, 0.9, 3)));
        assert!(one.distance(picture(3, 1.0, 0)) > FaceHash::COPY, "{}", one.distance(picture(3, 1.0, 0)));
    }
}
