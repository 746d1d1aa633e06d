//! Transposed convolution of 2 x 2 taps with stride 2, with bias, activation and a sum in one pass.
//!
//! tract lowers it to a matrix product whose result it scatters, and lets activation and sum each read and write the
//! whole tensor again; of a picture whose size is not known beforehand, value by value.

use std::sync::Arc;

use tract_onnx::tract_core::broadcast::multi_broadcast;
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::cnn::deconv::output_shape;
use tract_onnx::tract_core::ops::cnn::{Deconv, KernelFormat, PoolSpec};
use tract_onnx::tract_core::ops::nn::DataFormat;

use super::plane;
use crate::inference::kernels::{Activation, Finish, Spread, Weights};
use crate::simd::dispatch;

/// Such a convolution of one group. Inputs: the pictures, and where `plus` is set a tensor of the output's shape that is
/// added after the activation.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FusedSpread {
    pub(super) spec: PoolSpec,
    /// Four rows for each output channel.
    pub(super) weights: Arc<Weights>,
    /// One for each of those rows.
    pub(super) bias: Arc<[f32]>,
    /// With one slope for each of those rows.
    pub(super) activation: Activation,
    pub(super) plus: bool,
}

// Weights are never NaN.
impl Eq for FusedSpread {}

impl FusedSpread {
    /// Whether it stands for `op`.
    pub(super) fn takes(op: &Deconv) -> bool {
        let spec = &op.pool_spec;
        let pairs = spec.kernel_shape[..] == [2, 2] && spec.strides()[..] == [2, 2] && op.adjustments[..] == [0, 0];
        let plain = spec.data_format == DataFormat::NCHW && spec.dilations()[..] == [1, 1];
        let unpadded = (0..2).all(|axis| spec.padding.valid_dim(axis, false));
        pairs && plain && unpadded && op.group == 1 && op.kernel_format == KernelFormat::OIHW
    }

    /// The weights of `outputs` x `inputs` x 2 x 2 as four rows for each output channel.
    pub(super) fn rows(outputs: usize, inputs: usize, kernel: &[f32]) -> Weights {
        let row = |r: usize| (0..inputs).map(move |c| kernel[(r / 4 * inputs + c) * 4 + r % 4]);
        let weights: Vec<f32> = (0..4 * outputs).flat_map(row).collect();
        Weights::pack(4 * outputs, inputs, &weights)
    }
}

impl Op for FusedSpread {
    fn name(&self) -> StaticName {
        "FusedSpread".into()
    }

    fn info(&self) -> TractResult<Vec<String>> {
        Ok(self.spec.info())
    }

    fn validation(&self) -> Validation {
        Validation::Rounding
    }

    op_as_typed_op!();
}

impl EvalOp for FusedSpread {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let &[n, _, height, width] = inputs[0].shape() else { bail!("a picture has four axes") };
        let shape = [n, self.spec.output_channels, 2 * height, 2 * width];
        let plus = if self.plus { Some(inputs.get(1).context("a sum of two")?) } else { None };
        ensure!(plus.is_none_or(|p| p.shape() == shape), "a sum of {shape:?} and another shape");
        let plus = plus.map(|p| plane::values(p)).transpose()?;
        let finish = Finish { bias: &self.bias, plus: None, activation: &self.activation };
        let out = plane::each(&inputs[0], &shape, |source, out, scratch, at| {
            let plus = plus.map(|p| &p[at..at + out.len()]);
            dispatch(Spread { weights: &self.weights, finish, plus, input: [height, width], source, out, scratch });
        })?;
        Ok(tvec!(out.into_tvalue()))
    }
}

impl TypedOp for FusedSpread {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let mut shape = output_shape(&self.spec, &inputs[0].shape, &[0, 0])?;
        if self.plus {
            shape = multi_broadcast(&[&shape, &inputs.get(1).context("a sum of two")?.shape.to_tvec()])?;
        }
        Ok(tvec!(inputs[0].datum_type.fact(&shape)))
    }

    as_op!();
}
