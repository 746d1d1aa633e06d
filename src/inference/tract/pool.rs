//! Max-pooling, a vector of windows at a time; tract takes them one by one.

use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::cnn::PoolSpec;

use super::plane;
use crate::inference::kernels::MaxPool;
use crate::simd::dispatch;

/// The largest value in each window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FastMaxPool {
    pub(super) spec: PoolSpec,
}

impl Op for FastMaxPool {
    fn name(&self) -> StaticName {
        "FastMaxPool".into()
    }

    fn info(&self) -> TractResult<Vec<String>> {
        Ok(self.spec.info())
    }

    op_as_typed_op!();
}

impl EvalOp for FastMaxPool {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let channels = self.spec.output_channels;
        let out = plane::each_picture(&self.spec, &inputs[0], channels, |window, source, out, scratch, _| {
            dispatch(MaxPool { window, source, out, scratch });
        })?;
        Ok(tvec!(out.into_tvalue()))
    }
}

impl TypedOp for FastMaxPool {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        self.spec.output_facts(inputs)
    }

    as_op!();
}
