//! A pointwise convolution and the depthwise one that alone reads it, as one operator.
//!
//! The tensor between them, the widest of a mobile network, never exists as a whole.

use std::sync::Arc;

use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::cnn::PoolSpec;

use super::plane;
use crate::inference::kernels::{Activation, ExpandDepthwise, Finish, Weights};
use crate::inference::raw::dispatch;

/// Both convolutions.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FusedExpand {
    /// The pointwise convolution.
    pub(super) weights: Arc<Weights>,
    pub(super) bias: Arc<[f32]>,
    pub(super) activation: Activation,
    /// The depthwise convolution: over as many channels as the first one gives.
    pub(super) spec: PoolSpec,
    pub(super) filters: Arc<[f32]>,
    pub(super) filter_bias: Arc<[f32]>,
    pub(super) filter_activation: Activation,
}

// Weights are never NaN.
impl Eq for FusedExpand {}

impl Op for FusedExpand {
    fn name(&self) -> StaticName {
        "FusedExpand".into()
    }

    fn info(&self) -> TractResult<Vec<String>> {
        Ok(self.spec.info())
    }

    fn validation(&self) -> Validation {
        Validation::Rounding
    }

    op_as_typed_op!();
}

impl EvalOp for FusedExpand {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let channels = self.weights.rows();
        let (weights, filters, bias) = (&*self.weights, &*self.filters, &*self.filter_bias);
        let finish = Finish { bias: &self.bias, plus: None, activation: &self.activation };
        let activation = &self.filter_activation;
        let out = plane::each_picture(&self.spec, &inputs[0], channels, |window, source, out, scratch, _| {
            dispatch(ExpandDepthwise { weights, finish, filters, bias, activation, window, source, out, scratch });
        })?;
        Ok(tvec!(out.into_tvalue()))
    }
}

impl TypedOp for FusedExpand {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        // The picture keeps its size in the first convolution.
        let mut wide = inputs[0].without_value();
        wide.shape.set(1, self.weights.rows().to_dim());
        self.spec.output_facts(&[&wide])
    }

    as_op!();
}
