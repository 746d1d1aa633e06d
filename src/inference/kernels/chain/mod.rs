//! A convolution, the depthwise one that reads it, and the pointwise one that reads that, without the tensors between
//! them.
//!
//! Mobile networks widen a picture to many channels, filter each of them and narrow it again: the wide tensors are by
//! far the largest of the network, and writing and reading them costs more than computing them. Here they exist for a
//! few rows at a time, in the nearer caches, and nothing is computed twice: the rows that the next outputs read again
//! stay where they are.
//!
//! Between the three, vectors hold neighbouring channels of one pixel: a filter needs no care for the ends of rows, and
//! pictures narrower than a vector cost no more than others.

mod filters;
mod layer;
mod source;
mod turn;

pub(in crate::inference) use self::filters::Filters;
use self::filters::Row;
pub(in crate::inference) use self::layer::Layer;
use self::layer::{BLOCK, Blocks, Group, PIXELS, Packed, in_blocks};
use self::source::Source;
use self::turn::Turn;
use super::activation::Activation;
use super::gemm::{Finish, WIDEST};
use super::planes::{Window, rooms};
use crate::simd::{Kernel, Lanes};

/// So many values are worked on at a time: what the second-level cache holds beside weights.
const ROOM: usize = 3 << 16;
/// Fewer pixels at a time would read the weights too often.
const LEAST: usize = 32;

/// The convolutions of one picture.
pub(in crate::inference) struct Chain<'a> {
    /// The first one: taps of all input channels are its columns.
    pub(in crate::inference) first: &'a Layer,
    /// How it moves.
    pub(in crate::inference) first_window: Window,
    /// The depthwise one.
    pub(in crate::inference) filters: &'a Filters,
    /// How it moves, over the outputs of the first.
    pub(in crate::inference) window: Window,
    /// The pointwise one; without it the filters' outputs are the result.
    pub(in crate::inference) last: Option<&'a Layer>,
    /// Added to the last one's sums before their activation; as large as the output.
    pub(in crate::inference) plus: Option<&'a [f32]>,
    /// Channel by channel.
    pub(in crate::inference) source: &'a [f32],
    /// Channel by channel.
    pub(in crate::inference) out: &'a mut [f32],
    /// Room for padded planes.
    pub(in crate::inference) planes: &'a mut Vec<f32>,
    /// Room to work in.
    pub(in crate::inference) scratch: &'a mut Vec<f32>,
}

/// How the work is divided: the wide rows of each group of channels lie in a ring, each with its padding.
struct Plan {
    /// Rows of outputs at a time.
    step: usize,
    /// Rows in the ring.
    slots: usize,
    /// Pixels of a row with its padding.
    line: usize,
    /// Whether each group has a ring of its own, because a later step reads what an earlier one wrote.
    apart: bool,
}

impl Plan {
    fn new(window: &Window, channels: usize, columns: usize) -> Self {
        let ([_, width], [rows, cols]) = (window.input, window.output);
        let ([tall, wide], [down, right]) = (window.kernel, window.stride);
        let line = (window.before[1] + width).max((cols - 1) * right + wide);
        let all = in_blocks(channels);
        let slots = |step: usize| (step - 1) * down + tall;
        let largest = Group::all(channels).map(|g| g.lanes()).max().unwrap_or(0);
        let at_once = slots(rows) * (line * largest + width * columns) + rows * cols * all;
        if at_once <= ROOM {
            return Self { step: rows, slots: slots(rows), line, apart: false };
        }
        let of_a_row = down * (line * all + width * columns) + cols * all;
        let before = tall.saturating_sub(down) * line * all;
        let step = (ROOM.saturating_sub(before) / of_a_row).max(LEAST.div_ceil(cols)).min(rows);
        let steps = rows.div_ceil(step);
        let step = rows.div_ceil(steps);
        Self { step, slots: slots(step), line, apart: steps > 1 }
    }

    /// Values of a group's ring, and behind it a line of padding.
    fn ring(&self, group: Group) -> usize {
        (self.slots + 1) * self.line * group.lanes()
    }

    /// Room for the rings of all groups.
    fn rings(&self, channels: usize) -> usize {
        let rings = Group::all(channels).map(|g| self.ring(g));
        if self.apart { rings.sum() } else { rings.max().unwrap_or(0) }
    }
}

impl Kernel for Chain<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { first, first_window, filters, window, last, plus, source, out, planes, scratch } = self;
        let ([_, width], [rows, cols]) = (window.input, window.output);
        let channels = first.rows();
        let plan = Plan::new(&window, channels, first.columns());
        let fresh = plan.slots * width;
        let pixels = (plan.step * cols).next_multiple_of(WIDEST);
        // A line of the cache more: at a multiple of 4096 bytes neighbouring pixels would contend for the same lines.
        let narrow = last.map_or(0, |last| in_blocks(last.rows()) + WIDEST);
        let packed = fresh.next_multiple_of(WIDEST) * first.columns();
        let [packed, rings, filtered] =
            rooms(scratch, [packed, plan.rings(channels), pixels * (in_blocks(channels) + narrow)]);
        let (filtered, narrowed) = filtered.split_at_mut(pixels * in_blocks(channels));
        let apart = pixels * BLOCK;
        let mut from = Source::new(source, first_window, planes);
        let mut places = Vec::with_capacity(fresh);
        let mut lines = Vec::with_capacity(window.kernel[0]);
        let unchanged = vec![0.0; channels];
        let mut done = 0;
        for top in (0..rows).step_by(plan.step) {
            let count = plan.step.min(rows - top);
            let (band, start) = window.band(top, count);
            let (start, end) = (start.max(done), start + band.input[0]);
            done = done.max(end);
            from.pack::<L>(start, end.saturating_sub(start), packed);
            places.clear();
            for row in start..end {
                let place = row % plan.slots * plan.line + window.before[1];
                places.extend(place..place + width);
            }
            let mut ring_at = 0;
            for group in Group::all(channels) {
                let ring = &mut rings[ring_at..][..plan.ring(group)];
                if plan.apart {
                    ring_at += plan.ring(group);
                }
                if top == 0 {
                    plan.clear(&window, group, ring);
                }
                widen::<L>(first, group, packed, &places, ring);
                for y in 0..count {
                    plan.lines(&window, group, top + y, &mut lines);
                    let row = Row { source: ring, lines: &lines, stride: window.stride[1], cols, apart };
                    row.filter::<L>(filters, group, &mut filtered[y * cols * BLOCK..]);
                }
            }
            let (pixels, plane, at) = (count * cols, rows * cols, top * cols);
            if let Some(last) = last {
                let pitch = in_blocks(last.rows()) + WIDEST;
                narrow_down::<L>(last, pixels, filtered, apart, narrowed, pitch);
                let finish = Finish { bias: last.bias(), plus, activation: last.activation() };
                let channels = last.rows();
                Turn { source: narrowed, pitch, apart: BLOCK, pixels, channels, finish, plane, at }.run::<L>(out);
            } else {
                let finish = Finish { bias: &unchanged, plus: None, activation: &Activation::None };
                Turn { source: filtered, pitch: BLOCK, apart, pixels, channels, finish, plane, at }.run::<L>(out);
            }
        }
    }
}

impl Plan {
    /// Sets the padding of a group's ring to zero.
    fn clear(&self, window: &Window, group: Group, ring: &mut [f32]) {
        let lanes = group.lanes();
        let (from, to) = (window.before[1] * lanes, (window.before[1] + window.input[1]) * lanes);
        let (slots, outside) = ring.split_at_mut(self.slots * self.line * lanes);
        for line in slots.chunks_exact_mut(self.line * lanes) {
            line[..from].fill(0.0);
            line[to..].fill(0.0);
        }
        outside.fill(0.0);
    }

    /// Where the lines under the kernel of output row `y` begin in a group's ring.
    fn lines(&self, window: &Window, group: Group, y: usize, lines: &mut Vec<usize>) {
        lines.clear();
        lines.extend((0..window.kernel[0]).map(|ky| {
            let row = (y * window.stride[0] + ky).checked_sub(window.before[0]);
            let slot = row.filter(|row| *row < window.input[0]).map_or(self.slots, |row| row % self.slots);
            slot * self.line * group.lanes()
        }));
    }
}

/// The first convolution for one group of channels: each pixel goes where `places` says, in pixels.
#[inline(always)]
fn widen<L: Lanes>(layer: &Layer, group: Group, packed: &[f32], places: &[usize], ring: &mut [f32]) {
    for (packed, places) in packed.chunks_exact(PIXELS * layer.columns()).zip(places.chunks(PIXELS)) {
        let mut starts = [0; PIXELS];
        for (start, place) in starts.iter_mut().zip(places) {
            *start = place * group.lanes();
        }
        layer.multiply::<L>(group, &Packed(packed), &starts[..places.len()], true, ring);
    }
}

/// The last convolution's sums.
#[inline(always)]
fn narrow_down<L: Lanes>(layer: &Layer, pixels: usize, source: &[f32], apart: usize, out: &mut [f32], pitch: usize) {
    for group in Group::all(layer.rows()) {
        for pixel in (0..pixels).step_by(PIXELS) {
            let mut starts = [0; PIXELS];
            for (i, start) in starts.iter_mut().enumerate() {
                *start = (pixel + i) * pitch + group.first;
            }
            let source = Blocks { values: source, start: pixel * BLOCK, apart };
            layer.multiply::<L>(group, &source, &starts, false, out);
        }
    }
}
