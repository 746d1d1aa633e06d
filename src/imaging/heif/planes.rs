//! Luma and chroma to RGB (ITU-T H.273), row by row.

use super::Fault;

/// The planes of a decoded picture.
#[derive(Debug)]
pub(super) struct Planes {
    /// Columns and rows that are shown.
    pub(super) size: (usize, usize),
    /// Luma, or green; then blue difference and red difference. The latter are empty for a picture without colour.
    pub(super) all: [Plane; 3],
    /// Whether chroma has half the columns, and half the rows.
    pub(super) is_halved: (bool, bool),
    /// Whether samples of halved chroma lie on those of luma, by column and by row, or in the middle between them.
    pub(super) is_on_luma: (bool, bool),
    pub(super) coding: Coding,
}

/// A plane of samples.
#[derive(Debug, Default)]
pub(super) struct Plane {
    pub(super) samples: Vec<u16>,
    /// Samples from one row to the next.
    pub(super) stride: usize,
    /// The first column and row that are shown.
    pub(super) origin: (usize, usize),
    /// Bits of a sample.
    pub(super) depth: u8,
}

/// How colours are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Coding {
    /// The code point of the matrix.
    pub(super) matrix: u16,
    /// Whether all values of a sample are used, not only those from black to white of video.
    pub(super) is_full: bool,
}

/// A sample of the result: eight or sixteen bits, all values used.
pub(super) trait Sample: Copy + Into<u32> {
    const WHITE: f32;
    /// From 0 for black to 1 for white; other values are clipped.
    fn of(value: f32) -> Self;
    /// The mean of some samples, by their sum.
    fn mean(sum: u32, count: u32) -> Self;
}

impl Sample for u8 {
    const WHITE: f32 = 255.0;
    fn of(value: f32) -> Self {
        (value * Self::WHITE + 0.5) as Self
    }
    fn mean(sum: u32, count: u32) -> Self {
        ((sum + count / 2) / count) as Self
    }
}

impl Sample for u16 {
    const WHITE: f32 = 65535.0;
    fn of(value: f32) -> Self {
        (value * Self::WHITE + 0.5) as Self
    }
    fn mean(sum: u32, count: u32) -> Self {
        ((sum + count / 2) / count) as Self
    }
}

/// The way from luma and chroma to red, green and blue.
enum Matrix {
    /// Green, blue and red are stored.
    Identity,
    /// Luma, and differences of green and orange.
    Ycgco,
    /// The shares of red and blue in luma.
    Weights(f32, f32),
}

impl Matrix {
    fn of(code: u16) -> Result<Self, Fault> {
        Ok(match code {
            0 => Self::Identity,
            1 => Self::Weights(0.2126, 0.0722),
            // Where nothing is said, ITU-R BT.601.
            2 | 5 | 6 => Self::Weights(0.299, 0.114),
            4 => Self::Weights(0.30, 0.11),
            7 => Self::Weights(0.212, 0.087),
            8 => Self::Ycgco,
            9 => Self::Weights(0.2627, 0.0593),
            _ => return Err(Fault::Broken("its way of coding colours is not read")),
        })
    }
}

/// Writes rows of pixels.
pub(super) struct Rows<'p> {
    planes: &'p Planes,
    has_colour: bool,
    matrix: Matrix,
    /// Offset and factor that bring samples to 0 to 1, of luma, and to -0.5 to 0.5, of chroma.
    luma: (f32, f32),
    chroma: (f32, f32),
    /// The rows of chroma at full width.
    wide: [Vec<f32>; 2],
    /// A row of chroma at its own width.
    narrow: Vec<f32>,
}

impl<'p> Rows<'p> {
    /// With colour, for which the planes must have it, or of luma alone.
    pub(super) fn new(planes: &'p Planes, has_colour: bool) -> Result<Self, Fault> {
        let Planes { size, all, is_halved, coding, .. } = planes;
        let matrix = Matrix::of(coding.matrix)?;
        if has_colour && matches!(matrix, Matrix::Identity) && *is_halved != (false, false) {
            return Err(Fault::Broken("its way of coding colours is impossible"));
        }
        let unit = |depth: u8| f32::from(1u16 << (depth - 8));
        let luma = if coding.is_full {
            (0.0, 1.0 / (256.0 * unit(all[0].depth) - 1.0))
        } else {
            (16.0 * unit(all[0].depth), 1.0 / (219.0 * unit(all[0].depth)))
        };
        let depth = all[1].depth.max(8);
        let chroma = if coding.is_full {
            (128.0 * unit(depth), 1.0 / (256.0 * unit(depth) - 1.0))
        } else {
            (128.0 * unit(depth), 1.0 / (224.0 * unit(depth)))
        };
        // Green, blue and red are coded alike.
        let chroma = if matches!(matrix, Matrix::Identity) { luma } else { chroma };
        let wide = if has_colour { vec![0.0; size.0] } else { Vec::new() };
        Ok(Self { planes, has_colour, matrix, luma, chroma, wide: [wide.clone(), wide], narrow: Vec::new() })
    }

    /// Writes row `y`: red, green and blue, or grey.
    pub(super) fn write<T: Sample>(&mut self, y: usize, to: &mut [T]) {
        let luma = self.planes.all[0].row(y, self.planes.size.0);
        let (offset, factor) = self.luma;
        let light = |v: u16| (f32::from(v) - offset) * factor;
        if !self.has_colour {
            to.iter_mut().zip(luma).for_each(|(to, &v)| *to = T::of(light(v)));
            return;
        }
        self.widen(y);
        let pixels = to.as_chunks_mut::<3>().0.iter_mut().zip(luma).zip(self.wide[0].iter().zip(&self.wide[1]));
        match self.matrix {
            Matrix::Identity => {
                for ((to, &v), (&blue, &red)) in pixels {
                    *to = [T::of(red), T::of(light(v)), T::of(blue)];
                }
            }
            Matrix::Ycgco => {
                for ((to, &v), (&green, &orange)) in pixels {
                    let rest = light(v) - green;
                    *to = [T::of(rest + orange), T::of(light(v) + green), T::of(rest - orange)];
                }
            }
            Matrix::Weights(kr, kb) => {
                let (of_red, of_blue) = (2.0 * (1.0 - kr), 2.0 * (1.0 - kb));
                let (red_in_green, blue_in_green) = (kr * of_red / (1.0 - kr - kb), kb * of_blue / (1.0 - kr - kb));
                for ((to, &v), (&cb, &cr)) in pixels {
                    let v = light(v);
                    let green = v - red_in_green * cr - blue_in_green * cb;
                    *to = [T::of(v + of_red * cr), T::of(green), T::of(v + of_blue * cb)];
                }
            }
        }
    }

    /// Brings the chroma of row `y` to full width. Between two samples, each counts by how near it is.
    fn widen(&mut self, y: usize) {
        let Planes { size, all, is_halved, is_on_luma, .. } = self.planes;
        let (offset, factor) = self.chroma;
        let chroma_size = self.planes.chroma_size();
        let (row, next, share) = between(y, is_halved.1, is_on_luma.1, chroma_size.1);
        for (plane, wide) in all[1..].iter().zip(&mut self.wide) {
            let (row, next) = (plane.row(row, chroma_size.0), plane.row(next, chroma_size.0));
            let blend = |(&a, &b): (&u16, &u16)| {
                let (a, b) = (f32::from(a), f32::from(b));
                (a + (b - a) * share - offset) * factor
            };
            let blended = row.iter().zip(next).map(blend);
            if !is_halved.0 {
                wide.iter_mut().zip(blended).for_each(|(to, v)| *to = v);
                continue;
            }
            self.narrow.clear();
            self.narrow.extend(blended);
            let narrow = &self.narrow[..];
            for (x, to) in wide.iter_mut().enumerate().take(size.0) {
                let (at, next, share) = between(x, true, is_on_luma.0, chroma_size.0);
                *to = narrow[at] + (narrow[next] - narrow[at]) * share;
            }
        }
    }
}

/// The samples of chroma on both sides of a sample of luma, and the share of the second.
fn between(at: usize, is_halved: bool, is_on_luma: bool, count: usize) -> (usize, usize, f32) {
    let last = count.saturating_sub(1);
    let half = (at / 2).min(last);
    match (is_halved, is_on_luma, at % 2) {
        (false, ..) => (at.min(last), at.min(last), 0.0),
        (true, true, 0) => (half, half, 0.0),
        (true, true, _) => (half, (half + 1).min(last), 0.5),
        (true, false, 0) => (half, half.saturating_sub(1), 0.25),
        (true, false, _) => (half, (half + 1).min(last), 0.25),
    }
}

impl Plane {
    fn row(&self, y: usize, width: usize) -> &[u16] {
        let start = (self.origin.1 + y) * self.stride + self.origin.0;
        &self.samples[start..start + width]
    }

    /// Whether a picture of this size is within the samples.
    fn holds(&self, (width, height): (usize, usize)) -> bool {
        let rows = self.origin.1 + height;
        self.origin.0 + width <= self.stride && rows.checked_mul(self.stride).is_some_and(|n| n <= self.samples.len())
    }
}

impl Planes {
    pub(super) fn has_colour(&self) -> bool {
        !self.all[1].samples.is_empty()
    }

    fn chroma_size(&self) -> (usize, usize) {
        let side = |full: usize, is_halved: bool| if is_halved { full.div_ceil(2) } else { full };
        (side(self.size.0, self.is_halved.0), side(self.size.1, self.is_halved.1))
    }

    /// Refuses planes that are smaller than they say.
    pub(super) fn check(&self) -> Result<(), Fault> {
        let (size, chroma) = (self.size, self.chroma_size());
        let is_there = self.all[0].holds(size) && (!self.has_colour() || self.all[1..].iter().all(|p| p.holds(chroma)));
        let depths = || self.all.iter().filter(|p| !p.samples.is_empty()).all(|p| (8..=16).contains(&p.depth));
        if size.0 > 0 && size.1 > 0 && is_there && depths() {
            Ok(())
        } else {
            Err(Fault::Broken("its coded picture is smaller than it says"))
        }
    }
}
