//! A convolution, the depthwise one that alone reads it, and the pointwise one that alone reads that, as one operator.
//!
//! The tensors between them, the widest of a mobile network, never exist as a whole.

use std::sync::Arc;

use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::cnn::PoolSpec;

use super::plane;
use crate::inference::kernels::{Chain, Filters, Layer};
use crate::simd::dispatch;

/// The convolutions. Inputs: the pictures, and where `plus` is set a tensor of the output's shape that is added before the
/// last activation.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FusedChain {
    pub(super) first_spec: PoolSpec,
    pub(super) first: Arc<Layer>,
    /// The depthwise convolution: over as many channels as the first one gives.
    pub(super) spec: PoolSpec,
    pub(super) filters: Arc<Filters>,
    /// The pointwise convolution, where there is one.
    pub(super) last: Option<Arc<Layer>>,
    pub(super) plus: bool,
}

// Weights are never NaN.
impl Eq for FusedChain {}

impl Op for FusedChain {
    fn name(&self) -> StaticName {
        "FusedChain".into()
    }

    fn info(&self) -> TractResult<Vec<String>> {
        Ok(self.spec.info())
    }

    fn validation(&self) -> Validation {
        Validation::Rounding
    }

    op_as_typed_op!();
}

impl FusedChain {
    /// Channels of the output.
    fn channels(&self) -> usize {
        self.last.as_ref().map_or(self.filters.channels(), |last| last.rows())
    }
}

impl EvalOp for FusedChain {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let shape = inputs[0].shape();
        let first_window = plane::window(&self.first_spec, shape)?;
        let [height, width] = first_window.output;
        let window = plane::window(&self.spec, &[shape[0], self.first.rows(), height, width])?;
        let shape = [shape[0], self.channels(), window.output[0], window.output[1]];
        let plus = if self.plus { Some(inputs.get(1).context("a sum of two")?) } else { None };
        ensure!(plus.is_none_or(|p| p.shape() == shape), "a sum of {shape:?} and another shape");
        let plus = plus.map(|p| plane::values(p)).transpose()?;
        let (first, filters, last) = (&*self.first, &*self.filters, self.last.as_deref());
        let out = plane::each(&inputs[0], &shape, |source, out, scratch, at| {
            let plus = plus.map(|p| &p[at..at + out.len()]);
            plane::with_planes(|planes| {
                dispatch(Chain { first, first_window, filters, window, last, plus, source, out, planes, scratch });
            });
        })?;
        Ok(tvec!(out.into_tvalue()))
    }
}

impl TypedOp for FusedChain {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        ensure!(inputs.len() == 1 + usize::from(self.plus), "a sum of two");
        let wide = self.first_spec.output_facts(&inputs[..1])?;
        let mut facts = self.spec.output_facts(&[&wide[0]])?;
        facts[0].shape.set(1, self.channels().to_dim());
        Ok(facts)
    }

    as_op!();
}
