//! The inverted residual block of mobile networks as one kernel: an expansion to many channels, a depthwise convolution
//! of these, and a pointwise projection to few (Sandler et al., "`MobileNetV2`: Inverted Residuals and Linear
//! Bottlenecks", 2018).
//!
//! The expanded tensors are the largest of the network, and writing and reading them costs more than computing them.
//! Here only a few of their rows exist at a time, in a ring buffer in the second-level cache, and no row is computed
//! twice.
//!
//! Inside the block, vectors hold neighbouring channels of one pixel (`NCHWc`): a filter needs no handling of row ends,
//! and images narrower than a vector fill vectors as well as wide ones.

mod filters;
mod layer;
mod source;
mod transpose;

pub(in crate::inference) use self::filters::Filters;
use self::filters::Row;
pub(in crate::inference) use self::layer::Layer;
use self::layer::{BLOCK, Blocks, Group, PIXELS, Packed, round_to_blocks};
use self::source::Source;
use self::transpose::Transpose;
use super::activation::Activation;
use super::gemm::{Epilogue, WIDEST};
use super::planes::{ConvShape, scratch_slices};
use crate::simd::{Kernel, Lanes};

/// Values of a step: what the second-level cache holds beside the weights.
const L2_VALUES: usize = 3 << 16;
/// The least pixels of a step: with fewer, the weights would be read too often.
const MIN_PIXELS: usize = 32;

/// The block over one image.
pub(in crate::inference) struct InvertedResidual<'a> {
    /// The expansion; its columns are the taps of all input channels.
    pub(in crate::inference) expand: &'a Layer,
    pub(in crate::inference) expand_shape: ConvShape,
    /// The depthwise convolution.
    pub(in crate::inference) filters: &'a Filters,
    /// Its shape over the outputs of the expansion.
    pub(in crate::inference) shape: ConvShape,
    /// The projection; without it the block ends with the depthwise convolution.
    pub(in crate::inference) project: Option<&'a Layer>,
    /// Added to the projection's sums before its activation; a tensor of the output's shape.
    pub(in crate::inference) residual: Option<&'a [f32]>,
    /// CHW.
    pub(in crate::inference) source: &'a [f32],
    /// CHW.
    pub(in crate::inference) out: &'a mut [f32],
    /// The padded planes of a channel.
    pub(in crate::inference) planes: &'a mut Vec<f32>,
    /// Packed inputs, ring buffers and outputs.
    pub(in crate::inference) scratch: &'a mut Vec<f32>,
}

/// How the block is divided into steps. The expanded rows of each group of channels lie in a ring buffer, with their
/// padding.
struct Plan {
    /// Rows of outputs per step.
    step: usize,
    /// Rows of the ring buffer.
    slots: usize,
    /// Pixels of a row with its padding.
    line: usize,
    /// Whether each group has its own ring buffer, because a step reads rows that an earlier one wrote.
    ring_per_group: bool,
}

impl Plan {
    fn new(shape: &ConvShape, channels: usize, columns: usize) -> Self {
        let ([_, width], [rows, cols]) = (shape.input, shape.output);
        let ([tall, wide], [down, right]) = (shape.kernel, shape.stride);
        let line = (shape.pad_before[1] + width).max((cols - 1) * right + wide);
        let all = round_to_blocks(channels);
        let slots = |step: usize| (step - 1) * down + tall;
        let largest = Group::all(channels).map(|g| g.lanes()).max().unwrap_or(0);
        let whole = slots(rows) * (line * largest + width * columns) + rows * cols * all;
        if whole <= L2_VALUES {
            return Self { step: rows, slots: slots(rows), line, ring_per_group: false };
        }
        let per_row = down * (line * all + width * columns) + cols * all;
        let before = tall.saturating_sub(down) * line * all;
        let step = (L2_VALUES.saturating_sub(before) / per_row).max(MIN_PIXELS.div_ceil(cols)).min(rows);
        let steps = rows.div_ceil(step);
        let step = rows.div_ceil(steps);
        Self { step, slots: slots(step), line, ring_per_group: steps > 1 }
    }

    /// Values of a group's ring buffer and the line of padding behind it.
    fn ring(&self, group: Group) -> usize {
        (self.slots + 1) * self.line * group.lanes()
    }

    /// Values of the ring buffers of all groups.
    fn rings(&self, channels: usize) -> usize {
        let rings = Group::all(channels).map(|g| self.ring(g));
        if self.ring_per_group { rings.sum() } else { rings.max().unwrap_or(0) }
    }
}

impl Kernel for InvertedResidual<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { expand, expand_shape, filters, shape, project, residual, source, out, planes, scratch } = self;
        let ([_, width], [rows, cols]) = (shape.input, shape.output);
        let channels = expand.rows();
        let plan = Plan::new(&shape, channels, expand.columns());
        let fresh = plan.slots * width;
        let pixels = (plan.step * cols).next_multiple_of(WIDEST);
        // Padded by a cache line: at a multiple of 4096 bytes neighbouring pixels would map to the same cache set.
        let projected_pitch = project.map_or(0, |project| round_to_blocks(project.rows()) + WIDEST);
        let packed = fresh.next_multiple_of(WIDEST) * expand.columns();
        let [packed, rings, filtered] = scratch_slices(
            scratch,
            [packed, plan.rings(channels), pixels * (round_to_blocks(channels) + projected_pitch)],
        );
        let (filtered, projected) = filtered.split_at_mut(pixels * round_to_blocks(channels));
        let block_stride = pixels * BLOCK;
        let mut from = Source::new(source, expand_shape, planes);
        let mut slots = Vec::with_capacity(fresh);
        let mut lines = Vec::with_capacity(shape.kernel[0]);
        let no_bias = vec![0.0; channels];
        let mut done = 0;
        for top in (0..rows).step_by(plan.step) {
            let count = plan.step.min(rows - top);
            let (band, start) = shape.band(top, count);
            let (start, end) = (start.max(done), start + band.input[0]);
            done = done.max(end);
            from.pack::<L>(start, end.saturating_sub(start), packed);
            slots.clear();
            for row in start..end {
                let slot = row % plan.slots * plan.line + shape.pad_before[1];
                slots.extend(slot..slot + width);
            }
            let mut ring_at = 0;
            for group in Group::all(channels) {
                let ring = &mut rings[ring_at..][..plan.ring(group)];
                if plan.ring_per_group {
                    ring_at += plan.ring(group);
                }
                if top == 0 {
                    plan.clear(&shape, group, ring);
                }
                expansion::<L>(expand, group, packed, &slots, ring);
                for y in 0..count {
                    plan.lines(&shape, group, top + y, &mut lines);
                    let row = Row { source: ring, lines: &lines, stride: shape.stride[1], cols, block_stride };
                    row.filter::<L>(filters, group, &mut filtered[y * cols * BLOCK..]);
                }
            }
            let (pixels, plane, at) = (count * cols, rows * cols, top * cols);
            if let Some(project) = project {
                let pitch = projected_pitch;
                projection::<L>(project, pixels, filtered, block_stride, projected, pitch);
                let epilogue = Epilogue { bias: project.bias(), residual, activation: project.activation() };
                let channels = project.rows();
                Transpose { source: projected, pitch, block_stride: BLOCK, pixels, channels, epilogue, plane, at }
                    .run::<L>(out);
            } else {
                let epilogue = Epilogue { bias: &no_bias, residual: None, activation: &Activation::None };
                Transpose { source: filtered, pitch: BLOCK, block_stride, pixels, channels, epilogue, plane, at }
                    .run::<L>(out);
            }
        }
    }
}

impl Plan {
    /// Zeroes the padding of a group's ring buffer.
    fn clear(&self, shape: &ConvShape, group: Group, ring: &mut [f32]) {
        let lanes = group.lanes();
        let (from, to) = (shape.pad_before[1] * lanes, (shape.pad_before[1] + shape.input[1]) * lanes);
        let (slots, outside) = ring.split_at_mut(self.slots * self.line * lanes);
        for line in slots.chunks_exact_mut(self.line * lanes) {
            line[..from].fill(0.0);
            line[to..].fill(0.0);
        }
        outside.fill(0.0);
    }

    /// The offsets in a group's ring buffer of the lines that output row `y` reads.
    fn lines(&self, shape: &ConvShape, group: Group, y: usize, lines: &mut Vec<usize>) {
        lines.clear();
        lines.extend((0..shape.kernel[0]).map(|ky| {
            let row = (y * shape.stride[0] + ky).checked_sub(shape.pad_before[0]);
            let slot = row.filter(|row| *row < shape.input[0]).map_or(self.slots, |row| row % self.slots);
            slot * self.line * group.lanes()
        }));
    }
}

/// The expansion for one group of channels. Pixel i is written to `slots[i]`, counted in pixels.
#[inline(always)]
fn expansion<L: Lanes>(layer: &Layer, group: Group, packed: &[f32], slots: &[usize], ring: &mut [f32]) {
    for (packed, slots) in packed.chunks_exact(PIXELS * layer.columns()).zip(slots.chunks(PIXELS)) {
        let mut starts = [0; PIXELS];
        for (start, slot) in starts.iter_mut().zip(slots) {
            *start = slot * group.lanes();
        }
        layer.multiply::<L>(group, &Packed(packed), &starts[..slots.len()], true, ring);
    }
}

/// The sums of the projection.
#[inline(always)]
fn projection<L: Lanes>(
    layer: &Layer,
    pixels: usize,
    source: &[f32],
    block_stride: usize,
    out: &mut [f32],
    pitch: usize,
) {
    for group in Group::all(layer.rows()) {
        for pixel in (0..pixels).step_by(PIXELS) {
            let mut starts = [0; PIXELS];
            for (i, start) in starts.iter_mut().enumerate() {
                *start = (pixel + i) * pitch + group.first;
            }
            let source = Blocks { values: source, start: pixel * BLOCK, block_stride };
            layer.multiply::<L>(group, &source, &starts, false, out);
        }
    }
}
