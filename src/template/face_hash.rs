//! A perceptual hash of a face with its surroundings, which tells a copy of a picture from another picture of the same
//! person.
//!
//! The hash is 256 signs of the lowest frequencies of a small grey square around the face, as in PDQ and pHash for
//! whole pictures. Recompression, scaling and cropping hardly change it as long as the square stays in the picture;
//! mirrored and turned pictures have another hash. It does not measure identity: strangers and other photographs of the
//! same person are about equally far.

use std::array::from_fn;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::face::{CropPlan, Face};
use crate::imaging::{Patch, Point, Pyramid};

/// A hash of 256 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaceHash(pub [u8; 32]);

/// The side of the square that is hashed, in pixels.
const SIDE: usize = 32;
/// Frequencies along each axis, from the lowest above zero.
const WAVES: usize = 16;
/// The side of the square in the picture over the root mean square distance of the mesh's points from their centre:
/// about twice the face. Over 468 points, centre and size hardly change when a picture is recompressed.
const SPAN: f32 = 5.0;

/// The cosines of the transform (DCT-II), one row per frequency.
static COSINES: LazyLock<[[f32; SIDE]; WAVES]> = LazyLock::new(|| {
    let step = std::f32::consts::PI / SIDE as f32;
    from_fn(|k| from_fn(|x| ((k + 1) as f32 * (x as f32 + 0.5) * step).cos()))
});

impl FaceHash {
    /// Pictures whose hashes differ in at most this many bits, of 256, are taken for copies of one another
    /// (docs/robustness.md).
    pub const COPY_DISTANCE: u32 = 48;

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

    /// The hash of `SIDE` rows of `SIDE` grey values.
    fn of_square(grey: &[f32]) -> Self {
        // The transform runs along the rows, then along the columns.
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

    /// The number of bits that differ, 0..=256.
    pub fn distance(self, other: Self) -> u32 {
        self.0.iter().zip(other.0).map(|(a, b)| (a ^ b).count_ones()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    /// Blocks of 2 x 2 in random greys, so that every frequency is present.
    fn picture(seed: u64) -> Vec<f32> {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let blocks: [u8; SIDE * SIDE / 4] = from_fn(|_| random.random());
        (0..SIDE * SIDE).map(|i| f32::from(blocks[i / (2 * SIDE) * (SIDE / 2) + i % SIDE / 2])).collect()
    }

    #[test]
    fn light_and_noise_change_few_bits_and_another_picture_many() {
        let grey = picture(1);
        let one = FaceHash::of_square(&grey);
        assert_eq!(one.distance(one), 0);
        let mut random = Xoshiro256PlusPlus::seed_from_u64(2);
        let copy: Vec<f32> = grey.iter().map(|v| 0.9 * v + random.random_range(0.0..4.0)).collect();
        let (near, far) = (FaceHash::of_square(&copy), FaceHash::of_square(&picture(3)));
        assert!(one.distance(near) <= FaceHash::COPY_DISTANCE, "{}", one.distance(near));
        assert!(one.distance(far) > FaceHash::COPY_DISTANCE, "{}", one.distance(far));
    }
}
