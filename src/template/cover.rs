//! Covering a part of a chip, so that a network sees only the rest.

use crate::imaging::{Hull, Patch, Point, between_fields};

/// Chip pixels by which the cover extends beyond the hull; its edge fades over twice [`FADE`].
const MARGIN: f32 = 3.0;
const FADE: f32 = 3.0;

/// The chip with the inside of the hulls replaced by its ground.
pub(super) fn covered(chip: &Patch, ground: &Ground, hulls: &[Hull]) -> Patch {
    let mut out = chip.clone();
    let width = chip.width as usize;
    for (i, pixel) in out.data.chunks_exact_mut(3).enumerate() {
        let at = Point::new((i % width) as f32 + 0.5, (i / width) as f32 + 0.5);
        let depth = hulls.iter().map(|h| h.depth(at)).fold(f32::NEG_INFINITY, f32::max);
        let share = ((MARGIN + FADE + depth) / (2.0 * FADE)).clamp(0.0, 1.0);
        if share > 0.0 {
            for (value, under) in pixel.iter_mut().zip(ground.at(at)) {
                *value += share * (under - *value);
            }
        }
    }
    out
}

/// Fields along each side of the chip.
const FIELDS: usize = 6;

/// The chip without detail: the mean colours of a grid of fields, interpolated between their centres.
pub(super) struct Ground {
    /// Fields per chip pixel.
    scale: f32,
    /// One grid per colour.
    means: [Vec<f32>; 3],
}

impl Ground {
    /// The ground of a square chip.
    pub(super) fn of(chip: &Patch) -> Self {
        let (width, height) = (chip.width as usize, chip.height as usize);
        let field = |i: usize| i / width * FIELDS / height * FIELDS + i % width * FIELDS / width;
        let mut counts = [0.0f32; FIELDS * FIELDS];
        let mut means = [0, 1, 2].map(|_| vec![0.0f32; FIELDS * FIELDS]);
        for (i, pixel) in chip.data.chunks_exact(3).enumerate() {
            counts[field(i)] += 1.0;
            for (sums, v) in means.iter_mut().zip(pixel) {
                sums[field(i)] += v;
            }
        }
        for sums in &mut means {
            for (sum, count) in sums.iter_mut().zip(&counts) {
                *sum /= count.max(1.0);
            }
        }
        Self { scale: FIELDS as f32 / chip.width as f32, means }
    }

    fn at(&self, p: Point) -> [f32; 3] {
        let p = Point::new(p.x * self.scale, p.y * self.scale);
        [0, 1, 2].map(|c| between_fields(&self.means[c], FIELDS, p))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_covered_part_is_ground_and_the_rest_is_unchanged() {
        // Stripes: their mean is grey everywhere.
        let mut chip = Patch { width: 60, height: 60, data: vec![0.0; 60 * 60 * 3] };
        for (i, pixel) in chip.data.chunks_exact_mut(3).enumerate() {
            pixel.fill(if i % 2 == 0 { 40.0 } else { 200.0 });
        }
        let hull = Hull::around(
            [(20.0, 20.0), (40.0, 20.0), (40.0, 40.0), (20.0, 40.0)].map(|(x, y)| Point::new(x, y)).to_vec(),
        );
        let out = covered(&chip, &Ground::of(&chip), &[hull]);
        for (x, y) in [(30, 30), (21, 38)] {
            assert!(out.pixel(x, y).iter().all(|v| (v - 120.0).abs() < 1e-3), "{:?}", out.pixel(x, y));
        }
        for (x, y) in [(5, 5), (30, 50), (47, 30)] {
            assert_eq!(out.pixel(x, y).map(f32::to_bits), chip.pixel(x, y).map(f32::to_bits));
        }
    }
}
