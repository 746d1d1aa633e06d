//! The arithmetic of the operators in [`super::tract`], on slices, so that it can be tested without an engine.
//!
//! All kernels compute in `f32` on the calling thread; those of images take one at a time in CHW layout.
#![allow(clippy::inline_always, reason = "only code that is inlined into a kernel is compiled for wide vectors")]

mod activation;
mod depthwise;
mod direct;
mod flops;
mod gemm;
mod inverted_residual;
mod linear;
mod planes;
mod pool;
mod spatial;
mod transposed_conv;
mod winograd;

pub(super) use activation::Activation;
pub(super) use depthwise::Depthwise;
pub use flops::multiply_adds;
pub(super) use gemm::{Epilogue, PackedWeights, Pointwise};
pub(super) use inverted_residual::{Filters, InvertedResidual, Layer};
pub(super) use linear::{ByteWeights, Linear};
pub(super) use planes::ConvShape;
pub(super) use pool::MaxPool;
pub(super) use spatial::Spatial;
pub(super) use transposed_conv::TransposedConv;
pub(super) use winograd::{Winograd, WinogradWeights};

#[cfg(test)]
mod tests;
