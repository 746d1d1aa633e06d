//! Planes to pixels: coarser components are enlarged, and colours converted.

use super::frame::{Colours, Frame};
use super::plane::Plane;
use super::whole::block_side;
use crate::simd::{Kernel, Lanes, dispatch};

/// A decoded picture.
pub(crate) struct Picture {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Grey, RGB, or the amounts of cyan, magenta, yellow and black ink.
    pub(crate) pixels: Vec<u8>,
    /// Bytes per pixel: 1, 3 or 4.
    pub(crate) channels: usize,
    /// Whether nothing is missing or damaged.
    pub(crate) is_complete: bool,
}

/// How the pixels of a plane along an axis are enlarged.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Enlarged {
    /// Not at all.
    Same,
    /// Twice, three quarters of the nearest pixel and one of the next.
    Twice,
    /// The nearest pixel: `.0` pixels become `.1`.
    Nearest(usize, usize),
}

impl Enlarged {
    /// From `own` pixels per MCU to `most`.
    fn of(own: usize, most: usize) -> Self {
        match (own, most) {
            _ if own == most => Self::Same,
            _ if 2 * own == most => Self::Twice,
            _ => Self::Nearest(own, most),
        }
    }
}

/// The pixels of `planes`, decoded at `side` eighths of the size.
pub(super) fn picture(
    planes: &[Plane],
    frame: &Frame,
    colours: Colours,
    side: usize,
) -> Option<(usize, usize, Vec<u8>)> {
    let (across, down) = frame.most();
    let (width, height) = (usize::from(frame.width), usize::from(frame.height));
    let (width, height) = ((width * side).div_ceil(8), (height * side).div_ceil(8));
    let enlarged = frame.components.iter().map(|c| {
        let (w, h) = (c.across * block_side(side, across, c.across), c.down * block_side(side, down, c.down));
        let pair = (Enlarged::of(w, across * side), Enlarged::of(h, down * side));
        // Enlarged smoothly along both axes or none.
        match pair {
            (Enlarged::Nearest(..), Enlarged::Twice) => (pair.0, Enlarged::Nearest(h, down * side)),
            (Enlarged::Twice, Enlarged::Nearest(..)) => (Enlarged::Nearest(w, across * side), pair.1),
            _ => pair,
        }
    });
    let channels = if colours == Colours::Grey { 1 } else { planes.len() };
    let mut pixels = vec![0; channels * width * height];
    let mut is_done = false;
    let enlarged: Vec<_> = enlarged.collect();
    dispatch(Rows { planes, enlarged: &enlarged, colours, width, pixels: &mut pixels, is_done: &mut is_done });
    is_done.then_some((width, height, pixels))
}

/// The conversion of all rows, as a kernel.
struct Rows<'a> {
    planes: &'a [Plane],
    enlarged: &'a [(Enlarged, Enlarged)],
    colours: Colours,
    width: usize,
    pixels: &'a mut [u8],
    is_done: &'a mut bool,
}

impl Kernel for Rows<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let mut rows: [Vec<u8>; 4] = Default::default();
        let mut scratch = Vec::new();
        let channels = if self.colours == Colours::Grey { 1 } else { self.planes.len() };
        for (y, out) in self.pixels.chunks_exact_mut(channels * self.width).enumerate() {
            for ((plane, enlarged), row) in self.planes.iter().zip(self.enlarged).zip(&mut rows) {
                if enlarge(plane, *enlarged, y, self.width, &mut scratch, row).is_none() {
                    return;
                }
            }
            convert(self.colours, &rows, out);
        }
        *self.is_done = true;
    }
}

/// Row `y` of the whole picture from one plane, at least `width` pixels.
#[inline(always)]
fn enlarge(
    plane: &Plane,
    (across, down): (Enlarged, Enlarged),
    y: usize,
    width: usize,
    scratch: &mut Vec<u8>,
    to: &mut Vec<u8>,
) -> Option<()> {
    let near = match down {
        Enlarged::Same => plane.row(y)?,
        Enlarged::Nearest(own, most) => plane.row(y * own / most)?,
        Enlarged::Twice => {
            let row = plane.row(y / 2)?;
            // The row above for the upper of two rows, the row below for the lower; the row itself at the edges.
            let next = if y.is_multiple_of(2) { (y / 2).checked_sub(1) } else { Some(y / 2 + 1) };
            let next = next.and_then(|next| plane.row(next)).unwrap_or(row);
            scratch.clear();
            scratch.extend(row.iter().zip(next).map(|(&near, &far)| mixed(near, far)));
            &scratch[..]
        }
    };
    to.clear();
    match across {
        Enlarged::Same => to.extend_from_slice(near),
        Enlarged::Nearest(own, most) => to.extend((0..width).map(|x| near[(x * own / most).min(near.len() - 1)])),
        Enlarged::Twice => {
            let (first, last) = (*near.first()?, *near.last()?);
            to.resize(2 * near.len(), 0);
            to[0] = first;
            for (pair, two) in to[1..].chunks_exact_mut(2).zip(near.windows(2)) {
                pair[0] = mixed(two[0], two[1]);
                pair[1] = mixed(two[1], two[0]);
            }
            *to.last_mut()? = last;
        }
    }
    (to.len() >= width).then_some(())
}

/// Three quarters of one value and one of the other.
#[inline(always)]
fn mixed(near: u8, far: u8) -> u8 {
    ((3 * u16::from(near) + u16::from(far) + 2) >> 2) as u8
}

/// One row of the components as pixels.
#[inline(always)]
fn convert(colours: Colours, rows: &[Vec<u8>; 4], out: &mut [u8]) {
    let [a, b, c, d] = rows;
    match colours {
        Colours::Grey => out.copy_from_slice(&a[..out.len()]),
        Colours::Rgb => {
            for (((px, &a), &b), &c) in out.chunks_exact_mut(3).zip(a).zip(b).zip(c) {
                px.copy_from_slice(&[a, b, c]);
            }
        }
        Colours::YCbCr => {
            for (((px, &y), &cb), &cr) in out.chunks_exact_mut(3).zip(a).zip(b).zip(c) {
                px.copy_from_slice(&rgb(y, cb, cr));
            }
        }
        Colours::Inks => {
            for ((((px, &a), &b), &c), &d) in out.chunks_exact_mut(4).zip(a).zip(b).zip(c).zip(d) {
                px.copy_from_slice(&[255 - a, 255 - b, 255 - c, 255 - d]);
            }
        }
        Colours::YccInks => {
            for ((((px, &y), &cb), &cr), &k) in out.chunks_exact_mut(4).zip(a).zip(b).zip(c).zip(d) {
                let [r, g, b] = rgb(y, cb, cr);
                px.copy_from_slice(&[r, g, b, 255 - k]);
            }
        }
    }
}

/// YCbCr as RGB, by the matrix of JFIF (Rec. 601, full range), in units of 2^-14.
#[inline(always)]
fn rgb(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    let y = i32::from(y) * 16_384 + 8191;
    let (cb, cr) = (i32::from(cb) - 128, i32::from(cr) - 128);
    let [r, g, b] = [y + 22_970 * cr, y - 11_700 * cr - 5638 * cb, y + 29_032 * cb];
    [r, g, b].map(|v| (v >> 14).clamp(0, 255) as u8)
}
