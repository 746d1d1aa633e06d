//! The arithmetic of the operators in [`super::tract`], on plain slices: what it computes and how fast can be tested
//! without an engine.
//!
//! Everything is `f32`, one picture at a time, channel by channel (CHW), on the calling thread.
#![allow(clippy::inline_always, reason = "only what is inlined into a kernel is compiled for wide vectors")]

mod activation;
mod chain;
mod depthwise;
mod direct;
mod gemm;
mod peak;
mod planes;
mod pool;
mod spatial;
mod spread;
mod winograd;

pub(super) use activation::Activation;
pub(super) use chain::{Chain, Filters, Layer};
pub(super) use depthwise::Depthwise;
pub(super) use gemm::{Finish, Pointwise, Weights};
pub use peak::multiply_adds;
pub(super) use planes::Window;
pub(super) use pool::MaxPool;
pub(super) use spatial::Spatial;
pub(super) use spread::Spread;
pub(super) use winograd::{TileWeights, Winograd};

#[cfg(test)]
mod tests;
