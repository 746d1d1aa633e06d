//! Max-pooling, a vector of windows at a time; tract's own computes window by window.

use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::cnn::PoolSpec;

use super::nchw;
use super::operator::operator;
use crate::inference::kernels::MaxPool;
use crate::simd::dispatch;

/// The maximum of each window.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FastMaxPool {
    pub(super) spec: PoolSpec,
}

impl FastMaxPool {
    fn run(&self, inputs: &[TValue]) -> TractResult<Tensor> {
        let shape = nchw::conv_shape(&self.spec, inputs[0].shape())?;
        let output = nchw::output_shape(&inputs[0], self.spec.output_channels, &shape);
        nchw::map_images(&inputs[0], &output, |source, out, scratch, _| {
            dispatch(MaxPool { shape, source, out, scratch });
        })
    }

    fn facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        self.spec.output_facts(inputs)
    }
}

operator!(FastMaxPool, Validation::Accurate);
