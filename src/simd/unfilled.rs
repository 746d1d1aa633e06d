//! Memory for results.

use tract_onnx::prelude::{Tensor, TractResult};

/// A tensor of `f32` with arbitrary values: filling it with zeros first would cost as much as many operators do.
///
/// The caller writes every value before it lets the tensor go; the operators' tests run them over memory filled with
/// NaN to see that they do.
pub(crate) fn unfilled(shape: &[usize]) -> TractResult<Tensor> {
    // SAFETY: the memory is allocated and any bits are a valid `f32`; the caller writes before it reads.
    unsafe { Tensor::uninitialized::<f32>(shape) }
}
