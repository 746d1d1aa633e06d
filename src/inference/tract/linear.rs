//! A linear layer whose weights stay bytes.
//!
//! tract turns `DequantizeLinear` of constant weights into a matrix of floats, four times as large. Here the bytes are
//! kept and widened while they are multiplied.
#![allow(clippy::trivially_copy_pass_by_ref, reason = "tract calls rules with a context, which is empty here")]

use std::sync::Arc;

use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::einsum::EinSum;

use super::nchw;
use super::operator::operator;
use super::patterns::{added_constant, dequantised};
use crate::inference::kernels::{ByteWeights, Linear};
use crate::simd::{dispatch, unfilled};

/// The product of a matrix and constant weights with one scale per column, plus a bias.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FusedLinear {
    weights: Arc<ByteWeights>,
}

impl FusedLinear {
    fn run(&self, inputs: &[TValue]) -> TractResult<Tensor> {
        let &[rows, columns] = inputs[0].shape() else { bail!("expected a matrix, got shape {:?}", inputs[0].shape()) };
        ensure!(columns == self.weights.inputs(), "expected {} columns, got {columns}", self.weights.inputs());
        let mut out = unfilled(&[rows, self.weights.outputs()])?;
        let source = nchw::values(&inputs[0])?;
        {
            let mut plain = out.try_as_plain_ram_mut()?;
            let out = plain.as_slice_mut::<f32>()?;
            nchw::with_scratch(|scratch| dispatch(Linear { weights: &self.weights, source, out, scratch }));
        }
        Ok(out)
    }

    fn facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        ensure!(inputs.len() == 1 && inputs[0].rank() == 2, "expected one matrix");
        Ok(tvec!(f32::fact([inputs[0].shape[0].clone(), self.weights.outputs().into()])))
    }
}

operator!(FusedLinear, Validation::Rounding);

/// Replaces a product by constant bytes, and the sum with a bias behind it.
pub(super) fn linear(
    (): &(),
    model: &TypedModel,
    node: &TypedNode,
    name: &str,
    product: &EinSum,
) -> TractResult<Option<TypedModelPatch>> {
    let &[input, matrix] = &node.inputs[..] else { return Ok(None) };
    let plain = product.q_params.is_none() && product.axes == AxesMapping::for_numpy_matmul(2, false, false, false)?;
    if !plain || model.outlet_fact(input)?.datum_type != f32::datum_type() {
        return Ok(None);
    }
    let Some((bytes, scale)) = dequantised(model, matrix)? else { return Ok(None) };
    let &[inputs, outputs] = bytes.shape() else { return Ok(None) };
    let (bias, end) = added_constant(model, node.id.into(), outputs).unwrap_or((vec![0.0; outputs], node.id.into()));
    let weights = ByteWeights::pack(inputs, bytes.try_as_plain_ram()?.as_slice::<i8>()?, &scale, &bias);
    let mut patch = TypedModelPatch::new(format!("{name} over bytes"));
    let rows = patch.tap_model(model, input)?;
    let out = patch.wire_node(format!("{name}.bytes"), FusedLinear { weights: weights.into() }, &[rows])?;
    patch.shunt_outside(model, end, out[0])?;
    Ok(Some(patch))
}
