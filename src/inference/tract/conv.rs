//! Convolution with bias, sum and activation in one pass.
//!
//! tract lowers a convolution to packing and a matrix product, and lets bias, residual sum and activation each read
//! and write the whole tensor again. Here a value is finished before it leaves its register.

use std::sync::Arc;

use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::cnn::PoolSpec;

use super::plane;
use crate::inference::kernels::{Activation, Finish, Pointwise, Spatial, TileWeights, Weights, Winograd};
use crate::simd::dispatch;

/// How the weights lie, and with that how the convolution is computed.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kernels {
    /// As a matrix.
    Matrix(Arc<Weights>),
    /// Transformed, tile by tile.
    Tiles(Arc<TileWeights>),
}

impl Kernels {
    /// Output channels.
    fn rows(&self) -> usize {
        match self {
            Self::Matrix(weights) => weights.rows(),
            Self::Tiles(weights) => weights.rows(),
        }
    }
}

/// A convolution of one group. Inputs: the pictures, and where `plus` is set a tensor of the output's shape that is
/// added before the activation.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FusedConv {
    pub(super) spec: PoolSpec,
    pub(super) kernels: Kernels,
    /// One for each output channel.
    pub(super) bias: Arc<[f32]>,
    pub(super) plus: bool,
    pub(super) activation: Activation,
}

// Weights are never NaN.
impl Eq for FusedConv {}

impl Op for FusedConv {
    fn name(&self) -> StaticName {
        "FusedConv".into()
    }

    fn info(&self) -> TractResult<Vec<String>> {
        Ok(self.spec.info())
    }

    fn validation(&self) -> Validation {
        Validation::Rounding
    }

    op_as_typed_op!();
}

impl EvalOp for FusedConv {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let channels = self.kernels.rows();
        let plus = if self.plus { Some(plane::values(inputs.get(1).context("a sum of two")?)?) } else { None };
        let out = plane::each_picture(&self.spec, &inputs[0], channels, |window, source, out, scratch, at| {
            let plus = plus.map(|p| &p[at..at + out.len()]);
            let finish = Finish { bias: &self.bias, plus, activation: &self.activation };
            plane::with_planes(|planes| match &self.kernels {
                Kernels::Matrix(weights) if window.is_pointwise() => {
                    let plane = window.output[0] * window.output[1];
                    dispatch(Pointwise { weights, finish, source, out, plane, scratch });
                }
                Kernels::Matrix(weights) => {
                    dispatch(Spatial { weights, finish, window, source, out, planes, scratch });
                }
                Kernels::Tiles(weights) => {
                    dispatch(Winograd { weights, finish, window, source, out, planes, scratch });
                }
            });
        })?;
        Ok(tvec!(out.into_tvalue()))
    }
}

impl TypedOp for FusedConv {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        ensure!(inputs.len() == 1 + usize::from(self.plus), "a sum of two");
        self.spec.output_facts(inputs)
    }

    as_op!();
}
