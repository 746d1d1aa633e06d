//! The pixels of a picture that is put together from tiles.

use super::Fault;
use super::planes::{Planes, Rows, Sample};

/// Interleaved samples.
pub(super) struct Canvas<T> {
    pub(super) size: (usize, usize),
    pub(super) channels: usize,
    pub(super) samples: Vec<T>,
}

impl<T: Sample> Canvas<T> {
    /// A black picture, of three samples per pixel, or of one.
    pub(super) fn new(size: (usize, usize), channels: usize) -> Self {
        Self { size, channels, samples: vec![T::of(0.0); size.0 * size.1 * channels] }
    }

    /// Puts a picture, halved `halvings` times, with its upper left corner at a place; what is outside is left out.
    pub(super) fn put(&mut self, planes: &Planes, (left, top): (usize, usize), halvings: u32) -> Result<(), Fault> {
        let (step, channels) = (1usize << halvings, self.channels);
        let rows = (planes.size.1 / step).min(self.size.1.saturating_sub(top));
        let columns = (planes.size.0 / step).min(self.size.0.saturating_sub(left));
        let mut from = Rows::new(planes, channels == 3)?;
        let stride = self.size.0 * channels;
        let mut row = vec![T::of(0.0); planes.size.0 * channels];
        let mut sums = vec![0u32; columns * channels];
        for y in 0..rows {
            let start = (top + y) * stride + left * channels;
            let to = &mut self.samples[start..start + columns * channels];
            if step == 1 {
                from.write(y, &mut row);
                to.copy_from_slice(&row[..columns * channels]);
                continue;
            }
            sums.fill(0);
            for source in y * step..(y + 1) * step {
                from.write(source, &mut row);
                let blocks = row.chunks_exact(step * channels).zip(sums.chunks_exact_mut(channels));
                for (block, sums) in blocks {
                    for pixel in block.chunks_exact(channels) {
                        sums.iter_mut().zip(pixel).for_each(|(sum, &v)| *sum += v.into());
                    }
                }
            }
            let count = (step * step) as u32;
            to.iter_mut().zip(&sums).for_each(|(to, &sum)| *to = T::mean(sum, count));
        }
        Ok(())
    }
}

impl<T: Sample> Canvas<T> {
    /// Columns and rows.
    pub(super) fn sides(&self) -> Option<(u32, u32)> {
        Some((u32::try_from(self.size.0).ok()?, u32::try_from(self.size.1).ok()?))
    }

    /// Its `N` samples per pixel and, as the last of `M`, opacity, which may have another size. Colours that are stored
    /// multiplied by opacity are divided by it.
    pub(super) fn with<const N: usize, const M: usize>(&self, alpha: &Self, is_multiplied: bool) -> Vec<T> {
        let near = |at: usize, side: usize, other: usize| at * other / side.max(1);
        let mut samples = Vec::with_capacity(self.size.0 * self.size.1 * M);
        for (y, row) in self.samples.chunks_exact((self.size.0 * N).max(1)).enumerate() {
            let start = near(y, self.size.1, alpha.size.1) * alpha.size.0;
            for (x, pixel) in row.as_chunks::<N>().0.iter().enumerate() {
                let opacity = alpha.samples[start + near(x, self.size.0, alpha.size.0)];
                let full: u32 = opacity.into();
                samples.extend(pixel.iter().map(|&v| {
                    if is_multiplied && full > 0 { T::of((v.into() as f32 / full as f32).min(1.0)) } else { v }
                }));
                samples.push(opacity);
            }
        }
        samples
    }
}
