//! What follows a value in the graph: the sums and activations that an operator can take over.
//!
//! Only chains are taken whose values nobody else reads.

use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::binary::TypedBinOp;
use tract_onnx::tract_core::ops::logic::Iff;

use crate::inference::kernels::Activation;

/// The nodes that read `value`; none where it is also an output of the network.
fn readers(model: &TypedModel, value: OutletId) -> Vec<&TypedNode> {
    if model.outputs.contains(&value) {
        return Vec::new();
    }
    let successors = &model.node(value.node).outputs[value.slot].successors;
    successors.iter().map(|inlet| model.node(inlet.node)).collect()
}

/// The only node that reads `value`, once.
pub(super) fn reader(model: &TypedModel, value: OutletId) -> Option<&TypedNode> {
    match readers(model, value)[..] {
        [node] => Some(node),
        _ => None,
    }
}

/// The value of an outlet where it is known.
pub(super) fn constant(model: &TypedModel, value: OutletId) -> Option<Arc<Tensor>> {
    model.outlet_fact(value).ok()?.konst.clone()
}

/// A constant as `n` values, one for each channel: it is one value, or has `n` on the axis of channels.
pub(super) fn by_channel(tensor: &Tensor, n: usize) -> Option<Vec<f32>> {
    let values = tensor.try_as_plain_ram().ok()?.as_slice::<f32>().ok()?;
    match (values, tensor.shape()) {
        ([one], _) => Some(vec![*one; n]),
        (_, [1, c, 1, 1] | [c, 1, 1] | [c]) if *c == n => Some(values.to_vec()),
        _ => None,
    }
}

fn single(tensor: &Tensor) -> Option<f32> {
    by_channel(tensor, 1)?.first().copied()
}

fn is_zero(v: f32) -> bool {
    v.abs() < f32::MIN_POSITIVE
}

/// The other operand of the binary operator `node`, which must be called `name`.
fn other(node: &TypedNode, name: &str, value: OutletId) -> Option<OutletId> {
    let op = node.op_as::<TypedBinOp>()?;
    match node.inputs[..] {
        _ if op.0.name() != name => None,
        [a, b] if a == value => Some(b),
        [a, b] if b == value => Some(a),
        _ => None,
    }
}

/// The constant operand of such an operator.
fn operand(model: &TypedModel, node: &TypedNode, name: &str, value: OutletId) -> Option<Arc<Tensor>> {
    constant(model, other(node, name, value)?)
}

/// A sum of `value` with another tensor of its shape: the other tensor, and the sum.
pub(super) fn sum(model: &TypedModel, value: OutletId) -> Option<(OutletId, OutletId)> {
    let node = reader(model, value)?;
    let other = other(node, "Add", value)?;
    let (a, b) = (model.outlet_fact(value).ok()?, model.outlet_fact(other).ok()?);
    (b.konst.is_none() && a.shape == b.shape && a.datum_type == b.datum_type).then(|| (other, node.id.into()))
}

/// The same where the shapes are known to be one only when running, as of pictures of any size that one network shrinks
/// and enlarges again: whoever takes the sum over must see to it.
pub(super) fn sum_as_it_stands(model: &TypedModel, value: OutletId) -> Option<(OutletId, OutletId)> {
    let node = reader(model, value)?;
    let other = other(node, "Add", value)?;
    let (a, b) = (model.outlet_fact(value).ok()?, model.outlet_fact(other).ok()?);
    let unknown = |fact: &TypedFact| fact.shape.as_concrete().is_none();
    let may_be_one =
        a.shape == b.shape || (unknown(a) && unknown(b) && a.shape.iter().take(2).eq(b.shape.iter().take(2)));
    let alike = a.rank() == b.rank() && a.datum_type == b.datum_type && b.konst.is_none();
    (may_be_one && alike).then(|| (other, node.id.into()))
}

/// The activation that `value` of so many channels goes through, and what comes out; `value` itself where it goes
/// through none.
pub(super) fn activation(model: &TypedModel, value: OutletId, channels: usize) -> (Activation, OutletId) {
    slopes_by_selection(model, value, channels)
        .or_else(|| slopes_by_parts(model, value, channels))
        .or_else(|| range(model, value))
        .unwrap_or((Activation::None, value))
}

/// `ReLU` and its like: the larger of it and one constant, the smaller of that and another.
fn range(model: &TypedModel, value: OutletId) -> Option<(Activation, OutletId)> {
    let first = reader(model, value)?;
    let low = single(&*operand(model, first, "Max", value)?)?;
    let floor = first.id.into();
    let high = reader(model, floor).and_then(|n| Some((single(&*operand(model, n, "Min", floor)?)?, n.id.into())));
    let (high, end) = high.unwrap_or((f32::INFINITY, floor));
    Some((Activation::Clamp { low, high }, end))
}

/// `PReLU` as tract lowers it: where 0 > v, v times slope, else v.
fn slopes_by_selection(model: &TypedModel, value: OutletId, channels: usize) -> Option<(Activation, OutletId)> {
    let readers = readers(model, value);
    let select = readers.iter().find(|n| n.op_is::<Iff>())?;
    let &[test, product, plain] = &select.inputs[..] else { return None };
    if readers.len() != 3 || plain != value || reader(model, test).is_none() || reader(model, product).is_none() {
        return None;
    }
    let [test, product] = [test, product].map(|o| model.node(o.node));
    let slopes = by_channel(&*operand(model, product, "Mul", value)?, channels)?;
    let zero = single(&*operand(model, test, "GT", value)?)?;
    let zero_first = test.inputs.get(1) == Some(&value);
    (is_zero(zero) && zero_first).then(|| (Activation::Slopes(slopes), select.id.into()))
}

/// `PReLU` in parts: max(v, 0) + min(v, 0) times slope.
fn slopes_by_parts(model: &TypedModel, value: OutletId, channels: usize) -> Option<(Activation, OutletId)> {
    let readers = readers(model, value);
    let [a, b] = readers[..] else { return None };
    let zero = |node, name| operand(model, node, name, value).and_then(|t| single(&t)).is_some_and(is_zero);
    let (max, min) = if zero(a, "Max") && zero(b, "Min") {
        (a, b)
    } else if zero(b, "Max") && zero(a, "Min") {
        (b, a)
    } else {
        return None;
    };
    let product = reader(model, min.id.into())?;
    let slopes = by_channel(&*operand(model, product, "Mul", min.id.into())?, channels)?;
    let sum = reader(model, max.id.into())?;
    let joined = other(sum, "Add", max.id.into())? == product.id.into() && reader(model, product.id.into()).is_some();
    joined.then(|| (Activation::Slopes(slopes), sum.id.into()))
}
