//! What the operators share: the geometry and the values of NCHW tensors, and scratch memory.

use std::cell::RefCell;

use tract_onnx::tract_core::internal::{TValue, Tensor, TractResult, anyhow, ensure};
use tract_onnx::tract_core::ops::cnn::PoolSpec;
use tract_onnx::tract_core::ops::nn::DataFormat;

use crate::inference::kernels::ConvShape;
use crate::simd::unfilled;

thread_local! {
    /// Scratch memory of the thread, kept between runs: an operator allocates only its result.
    static SCRATCH: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };

    /// Padded planes, kept between runs.
    static PLANES: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// Lends the thread's memory for padded planes to `f`.
pub(super) fn with_planes(f: impl FnOnce(&mut Vec<f32>)) {
    PLANES.with_borrow_mut(f);
}

/// Lends the thread's scratch memory to `f`.
pub(super) fn with_scratch(f: impl FnOnce(&mut Vec<f32>)) {
    SCRATCH.with_borrow_mut(f);
}

/// Whether the kernels support `spec`: NCHW, two axes, no dilation.
pub(super) fn is_supported(spec: &PoolSpec) -> bool {
    spec.data_format == DataFormat::NCHW && spec.rank() == 2 && spec.dilations().iter().all(|d| *d == 1)
}

/// The shape of `spec` over an NCHW tensor of shape `input`.
pub(super) fn conv_shape(spec: &PoolSpec, input: &[usize]) -> TractResult<ConvShape> {
    let &[_, _, height, width] = input else { return Err(anyhow!("expected an NCHW tensor, got shape {input:?}")) };
    let axes = spec.computed_padding(&[height, width]);
    let strides = spec.strides();
    Ok(ConvShape {
        input: [height, width],
        output: [axes[0].convoluted, axes[1].convoluted],
        kernel: [spec.kernel_shape[0], spec.kernel_shape[1]],
        stride: [strides[0], strides[1]],
        pad_before: [axes[0].pad_before, axes[1].pad_before],
    })
}

/// The NCHW shape of `channels` outputs per image of `input`.
pub(super) fn output_shape(input: &TValue, channels: usize, shape: &ConvShape) -> [usize; 4] {
    [input.shape()[0], channels, shape.output[0], shape.output[1]]
}

/// The values of a tensor of `f32`.
pub(super) fn values(tensor: &Tensor) -> TractResult<&[f32]> {
    tensor.try_as_plain_ram()?.as_slice::<f32>()
}

/// The values of the residual, the second input, which must have the output's shape.
pub(super) fn residual<'a>(inputs: &'a [TValue], output: &[usize]) -> TractResult<&'a [f32]> {
    let residual = inputs.get(1).ok_or_else(|| anyhow!("the residual is missing"))?;
    ensure!(residual.shape() == output, "the residual has shape {:?}, the output {output:?}", residual.shape());
    values(residual)
}

/// Computes a tensor of shape `output`, image by image, with `f(input, output, scratch, offset)`; `offset` is the index
/// of the output image's first value.
pub(super) fn map_images(
    input: &TValue,
    output: &[usize; 4],
    mut f: impl FnMut(&[f32], &mut [f32], &mut Vec<f32>, usize),
) -> TractResult<Tensor> {
    let (from, to) = (input.shape()[1..].iter().product(), output[1..].iter().product());
    ensure!(from > 0 && to > 0, "an image has no values: input {:?}, output {output:?}", input.shape());
    let mut out = unfilled(output)?;
    let mut plain = out.try_as_plain_ram_mut()?;
    let images = values(input)?.chunks_exact(from).zip(plain.as_slice_mut::<f32>()?.chunks_exact_mut(to));
    SCRATCH.with_borrow_mut(|scratch| {
        for (i, (input, out)) in images.enumerate() {
            f(input, out, scratch, i * to);
        }
    });
    Ok(out)
}
