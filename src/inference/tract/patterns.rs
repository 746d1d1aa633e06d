//! Patterns in the graph: the residual sums and activations behind a value that an operator can fuse.
//!
//! A node is fused only if it is the sole consumer of its input.

use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::binary::TypedBinOp;
use tract_onnx::tract_core::ops::cast::Cast;
use tract_onnx::tract_core::ops::logic::Iff;

use crate::inference::kernels::Activation;

/// The nodes that read `value`; none if it is an output of the network.
fn consumers(model: &TypedModel, value: OutletId) -> Vec<&TypedNode> {
    if model.outputs.contains(&value) {
        return Vec::new();
    }
    let successors = &model.node(value.node).outputs[value.slot].successors;
    successors.iter().map(|inlet| model.node(inlet.node)).collect()
}

/// The node that reads `value`, if there is exactly one and it reads it once.
pub(super) fn sole_consumer(model: &TypedModel, value: OutletId) -> Option<&TypedNode> {
    match consumers(model, value)[..] {
        [node] => Some(node),
        _ => None,
    }
}

/// The value of an outlet, if it is a constant.
pub(super) fn constant(model: &TypedModel, value: OutletId) -> Option<Arc<Tensor>> {
    model.outlet_fact(value).ok()?.konst.clone()
}

/// A constant as `n` values, one per channel: it is a single value, or has `n` values on the channel axis.
pub(super) fn per_channel(tensor: &Tensor, n: usize) -> Option<Vec<f32>> {
    let values = tensor.try_as_plain_ram().ok()?.as_slice::<f32>().ok()?;
    match (values, tensor.shape()) {
        ([one], _) => Some(vec![*one; n]),
        (_, [1, c, 1, 1] | [c, 1, 1] | [c]) if *c == n => Some(values.to_vec()),
        _ => None,
    }
}

/// Constant bytes and their scale per column, if `value` is their matrix of floats as tract lowers `DequantizeLinear`
/// along axis 1: (float(bytes) - 0) * scale.
pub(super) fn dequantised(model: &TypedModel, value: OutletId) -> TractResult<Option<(Arc<Tensor>, Vec<f32>)>> {
    let product = model.node(value.node);
    if !is_binary(product, "Mul") {
        return Ok(None);
    }
    let difference = model.node(product.inputs[0].node);
    if !is_binary(difference, "Sub") {
        return Ok(None);
    }
    let cast = model.node(difference.inputs[0].node);
    let (true, Some(bytes), Some(zero), Some(scale)) = (
        cast.op_is::<Cast>(),
        cast.inputs.first().and_then(|bytes| constant(model, *bytes)),
        constant(model, difference.inputs[1]),
        constant(model, product.inputs[1]),
    ) else {
        return Ok(None);
    };
    let (zero, values) = (zero.try_as_plain_ram()?.as_slice::<f32>()?, scale.try_as_plain_ram()?.as_slice::<f32>()?);
    let by_column = bytes.datum_type() == i8::datum_type()
        && matches!((bytes.shape(), scale.shape()), (&[_, columns], &[1, n]) if n == columns);
    Ok((by_column && zero.iter().all(|v| is_zero(*v))).then(|| (bytes, values.to_vec())))
}

/// The constant that is added to each row of the matrix `value`, which has `n` columns, and the sum.
pub(super) fn added_constant(model: &TypedModel, value: OutletId, n: usize) -> Option<(Vec<f32>, OutletId)> {
    let sum = sole_consumer(model, value)?;
    let constant = operand(model, sum, "Add", value)?;
    let values = constant.try_as_plain_ram().ok()?.as_slice::<f32>().ok()?;
    (values.len() == n && constant.shape().last() == Some(&n)).then(|| (values.to_vec(), sum.id.into()))
}

fn is_binary(node: &TypedNode, name: &str) -> bool {
    node.op_as::<TypedBinOp>().is_some_and(|op| op.0.name() == name)
}

fn single(tensor: &Tensor) -> Option<f32> {
    per_channel(tensor, 1)?.first().copied()
}

fn is_zero(v: f32) -> bool {
    v.abs() < f32::MIN_POSITIVE
}

/// The other operand of the binary operator `node`, if its name is `name` and one operand is `value`.
fn other(node: &TypedNode, name: &str, value: OutletId) -> Option<OutletId> {
    let op = node.op_as::<TypedBinOp>()?;
    match node.inputs[..] {
        _ if op.0.name() != name => None,
        [a, b] if a == value => Some(b),
        [a, b] if b == value => Some(a),
        _ => None,
    }
}

/// The constant operand of the binary operator `node`, if its name is `name` and the other operand is `value`.
fn operand(model: &TypedModel, node: &TypedNode, name: &str, value: OutletId) -> Option<Arc<Tensor>> {
    constant(model, other(node, name, value)?)
}

/// The sum of `value` and another tensor of its shape: the other tensor, and the sum.
pub(super) fn residual(model: &TypedModel, value: OutletId) -> Option<(OutletId, OutletId)> {
    let node = sole_consumer(model, value)?;
    let other = other(node, "Add", value)?;
    let (a, b) = (model.outlet_fact(value).ok()?, model.outlet_fact(other).ok()?);
    (b.konst.is_none() && a.shape == b.shape && a.datum_type == b.datum_type).then(|| (other, node.id.into()))
}

/// Like [`residual`], but accepts symbolic shapes that may turn out different, as in a network that shrinks and
/// enlarges images of any size: the operator must check the shapes when it runs.
pub(super) fn residual_unchecked(model: &TypedModel, value: OutletId) -> Option<(OutletId, OutletId)> {
    let node = sole_consumer(model, value)?;
    let other = other(node, "Add", value)?;
    let (a, b) = (model.outlet_fact(value).ok()?, model.outlet_fact(other).ok()?);
    let unknown = |fact: &TypedFact| fact.shape.as_concrete().is_none();
    let may_be_equal =
        a.shape == b.shape || (unknown(a) && unknown(b) && a.shape.iter().take(2).eq(b.shape.iter().take(2)));
    let compatible = a.rank() == b.rank() && a.datum_type == b.datum_type && b.konst.is_none();
    (may_be_equal && compatible).then(|| (other, node.id.into()))
}

/// The activation of `value`, which has `channels` channels, and its output; without one, `value` itself.
pub(super) fn activation(model: &TypedModel, value: OutletId, channels: usize) -> (Activation, OutletId) {
    prelu_by_select(model, value, channels)
        .or_else(|| prelu_by_sum(model, value, channels))
        .or_else(|| clamp(model, value))
        .unwrap_or((Activation::None, value))
}

/// `ReLU`, `ReLU6` and the like: max(v, low), optionally followed by min(v, high).
fn clamp(model: &TypedModel, value: OutletId) -> Option<(Activation, OutletId)> {
    let first = sole_consumer(model, value)?;
    let low = single(&*operand(model, first, "Max", value)?)?;
    let floor = first.id.into();
    let high =
        sole_consumer(model, floor).and_then(|n| Some((single(&*operand(model, n, "Min", floor)?)?, n.id.into())));
    let (high, end) = high.unwrap_or((f32::INFINITY, floor));
    Some((Activation::Clamp { low, high }, end))
}

/// `PReLU` as tract lowers it: select(0 > v, v * slope, v).
fn prelu_by_select(model: &TypedModel, value: OutletId, channels: usize) -> Option<(Activation, OutletId)> {
    let consumers = consumers(model, value);
    let select = consumers.iter().find(|n| n.op_is::<Iff>())?;
    let &[test, product, plain] = &select.inputs[..] else { return None };
    if consumers.len() != 3
        || plain != value
        || sole_consumer(model, test).is_none()
        || sole_consumer(model, product).is_none()
    {
        return None;
    }
    let [test, product] = [test, product].map(|o| model.node(o.node));
    let slopes = per_channel(&*operand(model, product, "Mul", value)?, channels)?;
    let zero = single(&*operand(model, test, "GT", value)?)?;
    let zero_first = test.inputs.get(1) == Some(&value);
    (is_zero(zero) && zero_first).then(|| (Activation::PRelu(slopes), select.id.into()))
}

/// `PReLU` as some converters write it: max(v, 0) + min(v, 0) * slope.
fn prelu_by_sum(model: &TypedModel, value: OutletId, channels: usize) -> Option<(Activation, OutletId)> {
    let consumers = consumers(model, value);
    let [a, b] = consumers[..] else { return None };
    let zero = |node, name| operand(model, node, name, value).and_then(|t| single(&t)).is_some_and(is_zero);
    let (max, min) = if zero(a, "Max") && zero(b, "Min") {
        (a, b)
    } else if zero(b, "Max") && zero(a, "Min") {
        (b, a)
    } else {
        return None;
    };
    let product = sole_consumer(model, min.id.into())?;
    let slopes = per_channel(&*operand(model, product, "Mul", min.id.into())?, channels)?;
    let sum = sole_consumer(model, max.id.into())?;
    let joined =
        other(sum, "Add", max.id.into())? == product.id.into() && sole_consumer(model, product.id.into()).is_some();
    joined.then(|| (Activation::PRelu(slopes), sum.id.into()))
}
