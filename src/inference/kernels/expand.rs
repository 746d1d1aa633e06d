//! A pointwise convolution and the depthwise one that reads it, without the tensor between them.
//!
//! Mobile networks widen a picture to many channels and filter each of them at once: the wide tensor is by far the
//! largest of the network, and writing and reading it costs more than computing it. Here it exists for a few rows of a
//! few channels at a time, in the nearer caches. Rows that two bands of outputs read are computed twice.

use super::activation::Activation;
use super::depthwise::Filters;
use super::gemm::{Channels, Finish, PANEL, Strip, VECTORS, Weights};
use super::planes::{Window, rooms};
use crate::inference::raw::{Kernel, Lanes};

/// The input of a band has about this many values: what the second-level cache holds beside the rest.
const BAND: usize = 1 << 17;

/// Both convolutions of one picture.
pub(in crate::inference) struct ExpandDepthwise<'a> {
    /// Those of the pointwise convolution.
    pub(in crate::inference) weights: &'a Weights,
    /// What becomes of its sums.
    pub(in crate::inference) finish: Finish<'a>,
    /// The filters, `kernel[0] * kernel[1]` for each channel.
    pub(in crate::inference) filters: &'a [f32],
    /// One for each channel.
    pub(in crate::inference) bias: &'a [f32],
    /// What the filtered sums go through.
    pub(in crate::inference) activation: &'a Activation,
    /// How the filters move.
    pub(in crate::inference) window: Window,
    /// Channel by channel.
    pub(in crate::inference) source: &'a [f32],
    /// Channel by channel.
    pub(in crate::inference) out: &'a mut [f32],
    /// Room to work in.
    pub(in crate::inference) scratch: &'a mut Vec<f32>,
}

impl Kernel for ExpandDepthwise<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { weights, finish, filters, bias, activation, window, source, out, scratch } = self;
        let ([height, width], [rows, cols]) = (window.input, window.output);
        let step = window.bands(BAND / (weights.columns() * width).max(1));
        let tile = VECTORS * L::COUNT;
        let tile_len = weights.columns() * tile;
        let channels = Channels { source, plane: height * width };
        for top in (0..rows).step_by(step) {
            let (band, from) = window.band(top, step.min(rows - top));
            let filters = Filters { weights: filters, bias, activation, window: band };
            let filter_taps: Vec<usize> = band.taps().collect();
            let places = band.input[0] * width;
            let tiles = places.div_ceil(tile) * tile * weights.columns();
            let [tiles, wide, room] = rooms(scratch, [tiles, PANEL * places, filters.room()]);
            let starts = || (0..places).step_by(tile);
            for (at, into) in starts().zip(tiles.chunks_exact_mut(tile_len)) {
                channels.copy::<L>(from * width + at, tile.min(places - at), into);
            }
            for (row, panel) in weights.panels() {
                for (at, values) in starts().zip(tiles.chunks_exact(tile_len)) {
                    let here = tile.min(places - at);
                    let strip = Strip { finish, rows: weights.rows(), origin: row, at, here, plane: places };
                    strip.panel::<L>(row, panel, values, wide);
                }
                for channel in row..weights.rows().min(row + PANEL) {
                    // Empty where all that the band reads is padding.
                    let picture = &wide[(channel - row) * places..][..places];
                    let at = (channel * rows + top) * cols;
                    let out = &mut out[at..at + band.output[0] * cols];
                    filters.channel::<L>(channel, &filter_taps, picture, out, room);
                }
            }
        }
    }
}
