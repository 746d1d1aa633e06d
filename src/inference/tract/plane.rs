//! What the operators over pictures share: geometry, memory, and the way to their values.

use std::cell::RefCell;

use tract_onnx::tract_core::internal::{TValue, Tensor, TractResult, anyhow, ensure};
use tract_onnx::tract_core::ops::cnn::PoolSpec;
use tract_onnx::tract_core::ops::nn::DataFormat;

use crate::inference::kernels::Window;
use crate::simd::unfilled;

thread_local! {
    /// Room to work in, one for each thread and kept between runs: no operator allocates anything but its result.
    static SCRATCH: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };

    /// Likewise for the padded planes of the picture at hand.
    static PLANES: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// Room for padded planes, for the time of a call.
pub(super) fn with_planes(f: impl FnOnce(&mut Vec<f32>)) {
    PLANES.with_borrow_mut(f);
}

/// Whether a kernel moves over pictures in the way that the kernels know: rows and columns, channels first, no gaps.
pub(super) fn is_plain(spec: &PoolSpec) -> bool {
    spec.data_format == DataFormat::NCHW && spec.rank() == 2 && spec.dilations().iter().all(|d| *d == 1)
}

/// How `spec` moves over pictures of `shape` (NCHW).
pub(super) fn window(spec: &PoolSpec, shape: &[usize]) -> TractResult<Window> {
    let &[_, _, height, width] = shape else { return Err(anyhow!("a picture has four axes, not {shape:?}")) };
    let axes = spec.computed_padding(&[height, width]);
    let strides = spec.strides();
    Ok(Window {
        input: [height, width],
        output: [axes[0].convoluted, axes[1].convoluted],
        kernel: [spec.kernel_shape[0], spec.kernel_shape[1]],
        stride: [strides[0], strides[1]],
        before: [axes[0].pad_before, axes[1].pad_before],
    })
}

/// The values of a tensor of `f32`.
pub(super) fn values(tensor: &Tensor) -> TractResult<&[f32]> {
    tensor.try_as_plain_ram()?.as_slice::<f32>()
}

/// A tensor of `channels` pictures for each of the input's, made by `f(window, input, output, scratch, place)` picture
/// by picture; `place` is where the output picture begins.
pub(super) fn each_picture(
    spec: &PoolSpec,
    input: &TValue,
    channels: usize,
    mut f: impl FnMut(Window, &[f32], &mut [f32], &mut Vec<f32>, usize),
) -> TractResult<Tensor> {
    let window = window(spec, input.shape())?;
    let shape = [input.shape()[0], channels, window.output[0], window.output[1]];
    each(input, &shape, |from, to, scratch, at| f(window, from, to, scratch, at))
}

/// A tensor of `shape`, whose first axis is that of the input's pictures, made by `f(input, output, scratch, place)`
/// picture by picture; `place` is where the output picture begins.
pub(super) fn each(
    input: &TValue,
    shape: &[usize; 4],
    mut f: impl FnMut(&[f32], &mut [f32], &mut Vec<f32>, usize),
) -> TractResult<Tensor> {
    let (from, to) = (input.shape()[1..].iter().product(), shape[1..].iter().product());
    ensure!(from > 0 && to > 0, "an empty picture");
    let mut out = unfilled(shape)?;
    let mut plain = out.try_as_plain_ram_mut()?;
    let pictures = values(input)?.chunks_exact(from).zip(plain.as_slice_mut::<f32>()?.chunks_exact_mut(to));
    SCRATCH.with_borrow_mut(|scratch| {
        for (i, (input, out)) in pictures.enumerate() {
            f(input, out, scratch, i * to);
        }
    });
    Ok(out)
}
