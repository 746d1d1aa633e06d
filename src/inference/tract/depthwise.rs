//! Depthwise convolution with fused bias and activation.
//!
//! tract's own computes output by output, and falls back to a matrix product of one row if the size of the image is
//! symbolic, as the detector's is.

use std::sync::Arc;

use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::cnn::PoolSpec;

use super::nchw;
use super::operator::operator;
use crate::inference::kernels::{Activation, Depthwise};
use crate::simd::dispatch;

/// A convolution of each channel with its own kernel.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FusedDepthwise {
    pub(super) spec: PoolSpec,
    /// Channel-major.
    pub(super) weights: Arc<[f32]>,
    /// One value per channel.
    pub(super) bias: Arc<[f32]>,
    pub(super) activation: Activation,
}

impl FusedDepthwise {
    fn run(&self, inputs: &[TValue]) -> TractResult<Tensor> {
        let Self { spec, weights, bias, activation } = self;
        let shape = nchw::conv_shape(spec, inputs[0].shape())?;
        let output = nchw::output_shape(&inputs[0], bias.len(), &shape);
        nchw::map_images(&inputs[0], &output, |source, out, scratch, _| {
            dispatch(Depthwise { weights, bias, activation, shape, source, out, scratch });
        })
    }

    fn facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        self.spec.output_facts(inputs)
    }
}

operator!(FusedDepthwise, Validation::Rounding);
