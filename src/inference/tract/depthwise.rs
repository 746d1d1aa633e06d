//! Depthwise convolution with bias and activation in one pass.
//!
//! tract walks over the outputs one by one, and falls back to a matrix product of one row where the picture's size is
//! known only when running, as the detector's is.

use std::sync::Arc;

use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::cnn::PoolSpec;

use super::plane;
use crate::inference::kernels::{Activation, Depthwise};
use crate::simd::dispatch;

/// A convolution of every channel with its own kernel.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FusedDepthwise {
    pub(super) spec: PoolSpec,
    /// Channel by channel.
    pub(super) weights: Arc<[f32]>,
    /// One for each channel.
    pub(super) bias: Arc<[f32]>,
    pub(super) activation: Activation,
}

// Weights are never NaN.
impl Eq for FusedDepthwise {}

impl Op for FusedDepthwise {
    fn name(&self) -> StaticName {
        "FusedDepthwise".into()
    }

    fn info(&self) -> TractResult<Vec<String>> {
        Ok(self.spec.info())
    }

    fn validation(&self) -> Validation {
        Validation::Rounding
    }

    op_as_typed_op!();
}

impl EvalOp for FusedDepthwise {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let out = plane::each_picture(&self.spec, &inputs[0], self.bias.len(), |window, source, out, scratch, _| {
            let Self { weights, bias, activation, .. } = self;
            dispatch(Depthwise { weights, bias, activation, window, source, out, scratch });
        })?;
        Ok(tvec!(out.into_tvalue()))
    }
}

impl TypedOp for FusedDepthwise {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        self.spec.output_facts(inputs)
    }

    as_op!();
}
