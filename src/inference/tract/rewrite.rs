//! Puts this project's operators into a graph.
//!
//! Constants must be propagated first: a convolution is taken only when its weights are known, and many are computed
//! from other constants in the file.
#![allow(clippy::trivially_copy_pass_by_ref, reason = "the engine calls rules with a context, which is empty here")]

use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::model::Rewriter;
use tract_onnx::tract_core::ops::cnn::{Conv, Deconv, KernelFormat, MaxPool, PoolSpec};

use super::chain::FusedChain;
use super::conv::{FusedConv, Kernels};
use super::depthwise::FusedDepthwise;
use super::follow::{activation, by_channel, constant, reader, sum, sum_as_it_stands};
use super::plane::is_plain;
use super::pool::FastMaxPool;
use super::spread::FusedSpread;
use crate::inference::kernels::{Activation, Filters, Layer, TileWeights, Weights};

/// Replaces what can be replaced; the rest is left to tract.
pub(super) fn rewrite(model: &mut TypedModel) -> TractResult<()> {
    model.prop_consts()?;
    model.compact()?;
    Rewriter::default()
        .with_rule_for::<Conv>("convolution", convolution)
        .with_rule_for::<Deconv>("transposed convolution", transposed)
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
    let plain = is_plain(&conv.pool_spec) && conv.kernel_fmt == KernelFormat::OIHW && conv.q_params.is_none();
    let floats = model.outlet_fact(input)?.datum_type == f32::datum_type();
    let (Some(kernel), Some(bias)) = (constant(model, kernel), constant(model, bias)) else { return Ok(None) };
    let Some(bias) = by_channel(&bias, channels) else { return Ok(None) };
    if !plain || !floats || !(depthwise || conv.group == 1) || is_small(&node.outputs[0].fact) {
        return Ok(None);
    }
    let kernel = kernel.try_as_plain_ram()?.as_slice::<f32>()?;
    let spec = conv.pool_spec.clone();
    let mut patch = TypedModelPatch::new(format!("{name} with what follows"));
    let mut inputs = tvec!(patch.tap_model(model, input)?);
    let mut end = OutletId::new(node.id, 0);
    let op: Box<dyn TypedOp> = if depthwise {
        let (activation, after) = activation(model, end, channels);
        end = after;
        if let Some((wide, first, weights)) = source(model, input) {
            inputs = tvec!(patch.tap_model(model, wide)?);
            Box::new(FusedChain {
                first_spec: first.spec.clone(),
                first: Layer::pack(weights, &first.bias, &first.activation).into(),
                spec,
                filters: Filters::pack(kernel, &bias, &activation).into(),
                last: None,
                plus: false,
            })
        } else {
            Box::new(FusedDepthwise { spec, weights: kernel.into(), bias: bias.into(), activation })
        }
    } else {
        let sum = sum(model, end);
        if let Some((other, after)) = sum {
            inputs.push(patch.tap_model(model, other)?);
            end = after;
        }
        let (activation, after) = activation(model, end, channels);
        end = after;
        if let Some((chained, chain)) = chain(model, input).filter(|_| is_pointwise(&spec)) {
            inputs[0] = patch.tap_model(model, chained)?;
            let last = Layer::pack(&Weights::pack(channels, kernel.len() / channels, kernel), &bias, &activation);
            let op = FusedChain { last: Some(last.into()), plus: sum.is_some(), ..chain.clone() };
            let out = patch.wire_node(format!("{name}.fused"), op, &inputs)?;
            patch.shunt_outside(model, end, out[0])?;
            return Ok(Some(patch));
        }
        let kernels = if tiles_pay(&spec, &node.outputs[0].fact) {
            Kernels::Tiles(TileWeights::transform(channels, kernel).into())
        } else {
            Kernels::Matrix(Weights::pack(channels, kernel.len() / channels, kernel).into())
        };
        Box::new(FusedConv { spec, kernels, bias: bias.into(), plus: sum.is_some(), activation })
    };
    let out = patch.wire_node(format!("{name}.fused"), op, &inputs)?;
    patch.shunt_outside(model, end, out[0])?;
    Ok(Some(patch))
}

/// Whether a convolution is faster tile by tile: its channels are many enough to pay for the transformations, and its
/// pictures large enough to pay for four times the weights.
fn tiles_pay(spec: &PoolSpec, output: &TypedFact) -> bool {
    const CHANNELS: usize = 16;
    const SIDE: usize = 15;
    let large = output.shape.as_concrete().is_none_or(|s| s.iter().skip(2).all(|n| *n >= SIDE));
    let many = spec.input_channels.min(spec.output_channels) >= CHANNELS;
    let plain = spec.kernel_shape.iter().all(|k| *k == 3) && spec.strides().iter().all(|s| *s == 1);
    plain && many && large
}

/// Whether every output is a function of the pixel at its place.
fn is_pointwise(spec: &PoolSpec) -> bool {
    spec.kernel_shape.iter().all(|k| *k == 1)
        && spec.strides().iter().all(|s| *s == 1)
        && (0..2).all(|axis| spec.padding.valid_dim(axis, true))
}

/// The convolution that widens a picture to `value`, where nobody else reads it, its weights, and what it reads itself. One
/// that does not widen is faster by itself: the tensor saved is small beside the turning of channels and pixels.
fn source(model: &TypedModel, value: OutletId) -> Option<(OutletId, &FusedConv, &Arc<Weights>)> {
    let node = model.node(value.node);
    let conv = node.op_as::<FusedConv>()?;
    let Kernels::Matrix(weights) = &conv.kernels else { return None };
    let widens = weights.rows() > conv.spec.input_channels;
    (widens && reader(model, value).is_some() && !conv.plus).then(|| (node.inputs[0], conv, weights))
}

/// The chain without a last convolution that makes `value`, where nobody else reads it, and what it reads itself.
fn chain(model: &TypedModel, value: OutletId) -> Option<(OutletId, &FusedChain)> {
    let node = model.node(value.node);
    let chain = node.op_as::<FusedChain>()?;
    (reader(model, value).is_some() && chain.last.is_none()).then(|| (node.inputs[0], chain))
}

/// A handful of outputs a channel is a product of a matrix and a few vectors, which tract does well.
fn is_small(output: &TypedFact) -> bool {
    const FEW: usize = 4;
    output.shape.as_concrete().is_some_and(|s| s.iter().skip(2).product::<usize>() < FEW)
}

fn transposed(
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
    let Some(bias) = by_channel(&bias, outputs) else { return Ok(None) };
    if !FusedSpread::takes(op) || !floats {
        return Ok(None);
    }
    let (activation, mut end) = activation(model, node.id.into(), outputs);
    let sum = sum_as_it_stands(model, end);
    let each_tap = |values: &[f32]| values.iter().flat_map(|v| [*v; 4]).collect::<Vec<_>>();
    let activation = match activation {
        Activation::Slopes(slopes) => Activation::Slopes(each_tap(&slopes)),
        same => same,
    };
    let weights = FusedSpread::rows(outputs, op.pool_spec.input_channels, kernel.try_as_plain_ram()?.as_slice()?);
    let mut patch = TypedModelPatch::new(format!("{name} with what follows"));
    let mut inputs = tvec!(patch.tap_model(model, input)?);
    if let Some((other, after)) = sum {
        inputs.push(patch.tap_model(model, other)?);
        end = after;
    }
    let (weights, bias) = (weights.into(), each_tap(&bias).into());
    let op = FusedSpread { spec: op.pool_spec.clone(), weights, bias, activation, plus: sum.is_some() };
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
    if !is_plain(&pool.pool_spec) || pool.with_index_outputs.is_some() || !floats {
        return Ok(None);
    }
    let mut patch = TypedModelPatch::new(format!("{name} in vectors"));
    let input = patch.tap_model(model, node.inputs[0])?;
    let out = patch.wire_node(format!("{name}.fast"), FastMaxPool { spec: pool.pool_spec.clone() }, &[input])?;
    patch.shunt_outside(model, node.id.into(), out[0])?;
    Ok(Some(patch))
}
