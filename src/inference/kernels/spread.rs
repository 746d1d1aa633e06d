//! A transposed convolution of 2 x 2 taps with stride 2: every value of a picture becomes four that no other reaches.
//!
//! It is a pointwise convolution to four times as many channels, those of one output channel being its even and odd rows
//! and columns, which are then put between each other, while they are in the nearer caches.

use super::gemm::{Channels, Finish, PANEL, Strip, VECTORS, Weights};
use super::planes::rooms;
use crate::simd::{Kernel, Lanes};

/// The taps of one channel.
const TAPS: usize = 4;

/// The convolution of one picture.
pub(in crate::inference) struct Spread<'a> {
    /// Four rows for each output channel: upper left tap, upper right, lower left, lower right.
    pub(in crate::inference) weights: &'a Weights,
    /// What becomes of the sums, one bias and slope for each of those rows.
    pub(in crate::inference) finish: Finish<'a>,
    /// Added to the finished values; as large as the output.
    pub(in crate::inference) plus: Option<&'a [f32]>,
    /// Rows and columns of the input.
    pub(in crate::inference) input: [usize; 2],
    /// Channel by channel.
    pub(in crate::inference) source: &'a [f32],
    /// Channel by channel, twice as high and as wide.
    pub(in crate::inference) out: &'a mut [f32],
    /// Room to work in.
    pub(in crate::inference) scratch: &'a mut Vec<f32>,
}

impl Kernel for Spread<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { weights, finish, plus, input: [height, width], source, out, scratch } = self;
        let plane = height * width;
        let (tile, channels) = (VECTORS * L::COUNT, Channels { source, plane });
        let tile_len = weights.columns() * tile;
        let [tiles, apart, _] = rooms(scratch, [plane.div_ceil(tile) * tile_len, PANEL * plane, 0]);
        for (i, into) in tiles.chunks_exact_mut(tile_len).enumerate() {
            channels.copy::<L>(i * tile, tile.min(plane - i * tile), into);
        }
        for (row, panel) in weights.panels() {
            for (i, values) in tiles.chunks_exact(tile_len).enumerate() {
                let (at, here) = (i * tile, tile.min(plane - i * tile));
                Strip { finish, rows: weights.rows(), origin: row, at, here, plane }
                    .panel::<L>(row, panel, values, apart);
            }
            for (i, taps) in apart.chunks_exact(TAPS * plane).enumerate() {
                let channel = row / TAPS + i;
                if channel * TAPS < weights.rows() {
                    let place = channel * TAPS * plane..(channel + 1) * TAPS * plane;
                    let plus = match plus {
                        Some(plus) => &plus[place.clone()],
                        None => &[],
                    };
                    join::<L>(taps, width, plus, &mut out[place]);
                }
            }
        }
    }
}

/// Puts the four parts of a channel between each other and adds `plus`, where there is any.
#[inline(always)]
fn join<L: Lanes>(taps: &[f32], width: usize, plus: &[f32], out: &mut [f32]) {
    let (upper, lower) = taps.split_at(taps.len() / 2);
    for (half, rows) in [upper, lower].iter().enumerate() {
        let (left, right) = rows.split_at(rows.len() / 2);
        for (y, (left, right)) in left.chunks_exact(width).zip(right.chunks_exact(width)).enumerate() {
            let place = (2 * y + half) * 2 * width;
            let out = &mut out[place..][..2 * width];
            let mut x = 0;
            while x + L::COUNT <= width {
                let (mut first, mut second) = L::load(&left[x..]).between(L::load(&right[x..]));
                if !plus.is_empty() {
                    let plus = &plus[place + 2 * x..][..2 * L::COUNT];
                    (first, second) = (first.add(L::load(plus)), second.add(L::load(&plus[L::COUNT..])));
                }
                first.store(&mut out[2 * x..]);
                second.store(&mut out[2 * x + L::COUNT..]);
                x += L::COUNT;
            }
            while x < width {
                for (i, v) in [left[x], right[x]].iter().enumerate() {
                    let plus = if plus.is_empty() { 0.0 } else { plus[place + 2 * x + i] };
                    out[2 * x + i] = v + plus;
                }
                x += 1;
            }
        }
    }
}
