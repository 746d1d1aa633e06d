//! Transposed convolution of 2 x 2 taps with stride 2, with fused bias, activation and residual.
//!
//! tract lowers it to a matrix product whose result it scatters; activation and residual then each read and write the
//! whole tensor again, value by value if the size of the image is symbolic.

use std::sync::Arc;

use tract_onnx::tract_core::broadcast::multi_broadcast;
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::cnn::deconv::output_shape;
use tract_onnx::tract_core::ops::cnn::{Deconv, KernelFormat, PoolSpec};
use tract_onnx::tract_core::ops::nn::DataFormat;

use super::nchw;
use super::operator::operator;
use crate::inference::kernels::{Activation, Epilogue, PackedWeights, TransposedConv};
use crate::simd::dispatch;

/// A transposed convolution of one group. Inputs: the images and, if `residual` is set, a tensor of the output's shape
/// that is added after the activation.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FusedTransposedConv {
    pub(super) spec: PoolSpec,
    /// Four rows per output channel.
    pub(super) weights: Arc<PackedWeights>,
    /// One value per row of the weights.
    pub(super) bias: Arc<[f32]>,
    /// Slopes, if any, are one per row of the weights.
    pub(super) activation: Activation,
    pub(super) residual: bool,
}

impl FusedTransposedConv {
    /// Whether this operator can replace `op`.
    pub(super) fn supports(op: &Deconv) -> bool {
        let spec = &op.pool_spec;
        let taps = spec.kernel_shape[..] == [2, 2] && spec.strides()[..] == [2, 2] && op.adjustments[..] == [0, 0];
        let plain = spec.data_format == DataFormat::NCHW && spec.dilations()[..] == [1, 1];
        let unpadded = (0..2).all(|axis| spec.padding.valid_dim(axis, false));
        taps && plain && unpadded && op.group == 1 && op.kernel_format == KernelFormat::OIHW
    }

    /// Packs weights of shape `outputs` x `inputs` x 2 x 2 as four rows per output channel.
    pub(super) fn pack(outputs: usize, inputs: usize, kernel: &[f32]) -> PackedWeights {
        let row = |r: usize| (0..inputs).map(move |c| kernel[(r / 4 * inputs + c) * 4 + r % 4]);
        let weights: Vec<f32> = (0..4 * outputs).flat_map(row).collect();
        PackedWeights::pack(4 * outputs, inputs, &weights)
    }

    fn run(&self, inputs: &[TValue]) -> TractResult<Tensor> {
        let &[n, _, height, width] = inputs[0].shape() else {
            bail!("expected an NCHW tensor, got shape {:?}", inputs[0].shape())
        };
        let (weights, input) = (&*self.weights, [height, width]);
        let output = [n, self.spec.output_channels, 2 * height, 2 * width];
        let residual = self.residual.then(|| nchw::residual(inputs, &output)).transpose()?;
        let epilogue = Epilogue { bias: &self.bias, residual: None, activation: &self.activation };
        nchw::map_images(&inputs[0], &output, |source, out, scratch, offset| {
            let residual = residual.map(|r| &r[offset..offset + out.len()]);
            dispatch(TransposedConv { weights, epilogue, residual, input, source, out, scratch });
        })
    }

    fn facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let mut shape = output_shape(&self.spec, &inputs[0].shape, &[0, 0])?;
        if self.residual {
            let residual = inputs.get(1).context("the residual is missing")?;
            shape = multi_broadcast(&[&shape, &residual.shape.to_tvec()])?;
        }
        Ok(tvec!(inputs[0].datum_type.fact(&shape)))
    }
}

operator!(FusedTransposedConv, Validation::Rounding);
