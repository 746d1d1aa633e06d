//! Convolution with a fused epilogue.
//!
//! tract lowers a convolution to packing and a matrix product; bias, residual and activation then each read and write
//! the whole tensor again. Here the epilogue is applied in registers.

use std::sync::Arc;

use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::cnn::PoolSpec;

use super::nchw;
use super::operator::operator;
use crate::inference::kernels::{Activation, Epilogue, PackedWeights, Pointwise, Spatial, Winograd, WinogradWeights};
use crate::simd::dispatch;

/// The weights, packed for the algorithm that computes the convolution.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ConvWeights {
    /// A matrix product.
    Gemm(Arc<PackedWeights>),
    /// Winograd's algorithm.
    Winograd(Arc<WinogradWeights>),
}

impl ConvWeights {
    /// Output channels.
    fn rows(&self) -> usize {
        match self {
            Self::Gemm(weights) => weights.rows(),
            Self::Winograd(weights) => weights.rows(),
        }
    }
}

/// A convolution of one group. Inputs: the images and, if `residual` is set, a tensor of the output's shape that is
/// added before the activation.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FusedConv {
    pub(super) spec: PoolSpec,
    pub(super) weights: ConvWeights,
    /// One value per output channel.
    pub(super) bias: Arc<[f32]>,
    pub(super) residual: bool,
    pub(super) activation: Activation,
}

impl FusedConv {
    fn run(&self, inputs: &[TValue]) -> TractResult<Tensor> {
        let shape = nchw::conv_shape(&self.spec, inputs[0].shape())?;
        let output = nchw::output_shape(&inputs[0], self.weights.rows(), &shape);
        let residual = self.residual.then(|| nchw::residual(inputs, &output)).transpose()?;
        nchw::map_images(&inputs[0], &output, |source, out, scratch, offset| {
            let residual = residual.map(|r| &r[offset..offset + out.len()]);
            let epilogue = Epilogue { bias: &self.bias, residual, activation: &self.activation };
            nchw::with_planes(|planes| match &self.weights {
                ConvWeights::Gemm(weights) if shape.is_pointwise() => {
                    let plane = shape.output[0] * shape.output[1];
                    dispatch(Pointwise { weights, epilogue, source, out, plane, scratch });
                }
                ConvWeights::Gemm(weights) => {
                    dispatch(Spatial { weights, epilogue, shape, source, out, planes, scratch });
                }
                ConvWeights::Winograd(weights) => {
                    dispatch(Winograd { weights, epilogue, shape, source, out, planes, scratch });
                }
            });
        })
    }

    fn facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        ensure!(inputs.len() == 1 + usize::from(self.residual), "{} inputs", inputs.len());
        self.spec.output_facts(inputs)
    }
}

operator!(FusedConv, Validation::Rounding);
