//! Uninitialised memory for results.

use tract_onnx::prelude::{Tensor, TractResult};

/// A tensor of `f32` with arbitrary values: zeroing it first would cost as much as a cheap operator.
///
/// The caller must write every value before it returns the tensor. The tests of the kernels run over buffers filled
/// with NaN, so a value that is never written fails them.
pub(crate) fn unfilled(shape: &[usize]) -> TractResult<Tensor> {
    // SAFETY: the memory is allocated, any bit pattern is a valid `f32`, and the caller writes before it reads.
    unsafe { Tensor::uninitialized::<f32>(shape) }
}
