//! Replaces operators of a graph by this project's.
//!
//! Constants are propagated before convolutions are replaced, because that is done only if their weights are constant, and
//! many weights are computed from other constants in the file.
#![allow(clippy::trivially_copy_pass_by_ref, reason = "tract calls rules with a context, which is empty here")]

use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::model::Rewriter;
use tract_onnx::tract_core::ops::cnn::{Conv, Deconv, KernelFormat, MaxPool, PoolSpec};
use tract_onnx::tract_core::ops::einsum::EinSum;

use super::conv::{ConvWeights, FusedConv};
use super::depthwise::FusedDepthwise;
use super::inverted_residual::FusedInvertedResidual;
use super::linear::linear;
use super::nchw::is_supported;
use super::patterns::{activation, constant, per_channel, residual, residual_unchecked, sole_consumer};
use super::pool::FastMaxPool;
use super::transposed_conv::FusedTransposedConv;
use crate::inference::kernels::{Activation, Filters, Layer, PackedWeights, WinogradWeights};

/// Replaces the operators that have a faster counterpart.
pub(super) fn rewrite(model: &mut TypedModel) -> TractResult<()> {
    // Before constants are propagated, which would widen all bytes.
    Rewriter::default().with_rule_for::<EinSum>("linear layer", linear).rewrite(&(), model)?;
    model.compact()?;
    model.prop_consts()?;
    model.compact()?;
    Rewriter::default()
        .with_rule_for::<Conv>("convolution", convolution)
        .with_rule_for::<Deconv>("transposed convolution", transposed_convolution)
        .with_rule_for::<MaxPool>("max-pooling", max_pooling)
        .rewrite(&(), model)
}

fn convolution(
    (): &(),
    model: &TypedModel,
    node: &TypedNode,
    name: &str,
    conv: &Conv,
) -> TractResult<Option<TypedModelPatch>> {
    let &[input, kernel, bias] = &node.inputs[..] else { return Ok(None) };
    let channels = conv.output_channels();
    let depthwise = conv.group > 1 && conv.group == channels && conv.group == conv.input_channels();
    let plain = is_supported(&conv.pool_spec) && conv.kernel_fmt == KernelFormat::OIHW && conv.q_params.is_none();
    let floats = model.outlet_fact(input)?.datum_type == f32::datum_type();
    let (Some(kernel), Some(bias)) = (constant(model, kernel), constant(model, bias)) else { return Ok(None) };
    let Some(bias) = per_channel(&bias, channels) else { return Ok(None) };
    if !plain || !floats || !(depthwise || conv.group == 1) || is_small(&node.outputs[0].fact) {
        return Ok(None);
    }
    let kernel = kernel.try_as_plain_ram()?.as_slice::<f32>()?;
    let spec = conv.pool_spec.clone();
    let mut patch = TypedModelPatch::new(format!("{name} with its epilogue"));
    let mut inputs = tvec!(patch.tap_model(model, input)?);
    let mut end = OutletId::new(node.id, 0);
    let op: Box<dyn TypedOp> = if depthwise {
        let (activation, after) = activation(model, end, channels);
        end = after;
        if let Some((image, expand, weights)) = expansion(model, input) {
            inputs = tvec!(patch.tap_model(model, image)?);
            Box::new(FusedInvertedResidual {
                expand_spec: expand.spec.clone(),
                expand: Layer::pack(weights, &expand.bias, &expand.activation).into(),
                spec,
                filters: Filters::pack(kernel, &bias, &activation).into(),
                project: None,
                residual: false,
            })
        } else {
            Box::new(FusedDepthwise { spec, weights: kernel.into(), bias: bias.into(), activation })
        }
    } else {
        let sum = residual(model, end);
        if let Some((other, after)) = sum {
            inputs.push(patch.tap_model(model, other)?);
            end = after;
        }
        let (activation, after) = activation(model, end, channels);
        end = after;
        if let Some((image, block)) = block_without_projection(model, input).filter(|_| is_pointwise(&spec)) {
            inputs[0] = patch.tap_model(model, image)?;
            let project =
                Layer::pack(&PackedWeights::pack(channels, kernel.len() / channels, kernel), &bias, &activation);
            let op = FusedInvertedResidual { project: Some(project.into()), residual: sum.is_some(), ..block.clone() };
            let out = patch.wire_node(format!("{name}.fused"), op, &inputs)?;
            patch.shunt_outside(model, end, out[0])?;
            return Ok(Some(patch));
        }
        let weights = if winograd_pays(&spec, &node.outputs[0].fact) {
            ConvWeights::Winograd(WinogradWeights::transform(channels, kernel).into())
        } else {
            ConvWeights::Gemm(PackedWeights::pack(channels, kernel.len() / channels, kernel).into())
        };
        Box::new(FusedConv { spec, weights, bias: bias.into(), residual: sum.is_some(), activation })
    };
    let out = patch.wire_node(format!("{name}.fused"), op, &inputs)?;
    patch.shunt_outside(model, end, out[0])?;
    Ok(Some(patch))
}

/// Whether Winograd's algorithm is faster: there are enough channels to pay for the transformations, and the images are
/// large enough to pay for four times the weights.
fn winograd_pays(spec: &PoolSpec, output: &TypedFact) -> bool {
    const CHANNELS: usize = 16;
    const SIDE: usize = 15;
    let large = output.shape.as_concrete().is_none_or(|s| s.iter().skip(2).all(|n| *n >= SIDE));
    let many = spec.input_channels.min(spec.output_channels) >= CHANNELS;
    let plain = spec.kernel_shape.iter().all(|k| *k == 3) && spec.strides().iter().all(|s| *s == 1);
    plain && many && large
}

/// Whether every output depends on the pixel at its position alone.
fn is_pointwise(spec: &PoolSpec) -> bool {
    spec.kernel_shape.iter().all(|k| *k == 1)
        && spec.strides().iter().all(|s| *s == 1)
        && (0..2).all(|axis| spec.padding.valid_dim(axis, true))
}

/// The input of the expansion whose output is `value`, the expansion, and its weights; `value` has no other consumer. A
/// convolution that does not add channels is faster on its own: transposing the layout costs more than the tensor
/// saves.
fn expansion(model: &TypedModel, value: OutletId) -> Option<(OutletId, &FusedConv, &Arc<PackedWeights>)> {
    let node = model.node(value.node);
    let conv = node.op_as::<FusedConv>()?;
    let ConvWeights::Gemm(weights) = &conv.weights else { return None };
    let expands = weights.rows() > conv.spec.input_channels;
    (expands && sole_consumer(model, value).is_some() && !conv.residual).then(|| (node.inputs[0], conv, weights))
}

/// The input of the block without a projection whose output is `value`, and the block; `value` has no other consumer.
fn block_without_projection(model: &TypedModel, value: OutletId) -> Option<(OutletId, &FusedInvertedResidual)> {
    let node = model.node(value.node);
    let block = node.op_as::<FusedInvertedResidual>()?;
    (sole_consumer(model, value).is_some() && block.project.is_none()).then(|| (node.inputs[0], block))
}

/// Whether there are only a few outputs per channel: a product of a matrix and a few vectors, which tract does well.
fn is_small(output: &TypedFact) -> bool {
    const FEW: usize = 4;
    output.shape.as_concrete().is_some_and(|s| s.iter().skip(2).product::<usize>() < FEW)
}

fn transposed_convolution(
    (): &(),
    model: &TypedModel,
    node: &TypedNode,
    name: &str,
    op: &Deconv,
) -> TractResult<Option<TypedModelPatch>> {
    let &[input, kernel, bias] = &node.inputs[..] else { return Ok(None) };
    let floats = model.outlet_fact(input)?.datum_type == f32::datum_type();
    let (Some(kernel), Some(bias)) = (constant(model, kernel), constant(model, bias)) else { return Ok(None) };
    let outputs = op.pool_spec.output_channels;
    let Some(bias) = per_channel(&bias, outputs) else { return Ok(None) };
    if !FusedTransposedConv::supports(op) || !floats {
        return Ok(None);
    }
    let (activation, mut end) = activation(model, node.id.into(), outputs);
    let sum = residual_unchecked(model, end);
    let per_tap = |values: &[f32]| values.iter().flat_map(|v| [*v; 4]).collect::<Vec<_>>();
    let activation = match activation {
        Activation::PRelu(slopes) => Activation::PRelu(per_tap(&slopes)),
        same => same,
    };
    let weights =
        FusedTransposedConv::pack(outputs, op.pool_spec.input_channels, kernel.try_as_plain_ram()?.as_slice()?);
    let mut patch = TypedModelPatch::new(format!("{name} with its epilogue"));
    let mut inputs = tvec!(patch.tap_model(model, input)?);
    if let Some((other, after)) = sum {
        inputs.push(patch.tap_model(model, other)?);
        end = after;
    }
    let (weights, bias) = (weights.into(), per_tap(&bias).into());
    let op = FusedTransposedConv { spec: op.pool_spec.clone(), weights, bias, activation, residual: sum.is_some() };
    let out = patch.wire_node(format!("{name}.fused"), op, &inputs)?;
    patch.shunt_outside(model, end, out[0])?;
    Ok(Some(patch))
}

fn max_pooling(
    (): &(),
    model: &TypedModel,
    node: &TypedNode,
    name: &str,
    pool: &MaxPool,
) -> TractResult<Option<TypedModelPatch>> {
    let floats = model.outlet_fact(node.inputs[0])?.datum_type == f32::datum_type();
    if !is_supported(&pool.pool_spec) || pool.with_index_outputs.is_some() || !floats {
        return Ok(None);
    }
    let mut patch = TypedModelPatch::new(format!("{name} vectorised"));
    let input = patch.tap_model(model, node.inputs[0])?;
    let out = patch.wire_node(format!("{name}.fast"), FastMaxPool { spec: pool.pool_spec.clone() }, &[input])?;
    patch.shunt_outside(model, node.id.into(), out[0])?;
    Ok(Some(patch))
}
