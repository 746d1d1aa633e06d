//! An expansion, the depthwise convolution that alone reads it, and the pointwise projection that alone reads that, as
//! one operator: the expanded tensors, the largest of a mobile network, never exist as a whole.

use std::sync::Arc;

use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::cnn::PoolSpec;

use super::nchw;
use super::operator::operator;
use crate::inference::kernels::{Filters, InvertedResidual, Layer};
use crate::simd::dispatch;

/// An inverted residual block. Inputs: the images and, if `residual` is set, a tensor of the output's shape that is
/// added before the last activation.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FusedInvertedResidual {
    pub(super) expand_spec: PoolSpec,
    pub(super) expand: Arc<Layer>,
    /// The depthwise convolution over the channels of the expansion.
    pub(super) spec: PoolSpec,
    pub(super) filters: Arc<Filters>,
    /// Without it the block ends with the depthwise convolution.
    pub(super) project: Option<Arc<Layer>>,
    pub(super) residual: bool,
}

impl FusedInvertedResidual {
    /// Output channels.
    fn channels(&self) -> usize {
        self.project.as_ref().map_or(self.filters.channels(), |project| project.rows())
    }

    fn run(&self, inputs: &[TValue]) -> TractResult<Tensor> {
        let input = inputs[0].shape();
        let expand_shape = nchw::conv_shape(&self.expand_spec, input)?;
        let [height, width] = expand_shape.output;
        let shape = nchw::conv_shape(&self.spec, &[input[0], self.expand.rows(), height, width])?;
        let output = nchw::output_shape(&inputs[0], self.channels(), &shape);
        let residual = self.residual.then(|| nchw::residual(inputs, &output)).transpose()?;
        let (expand, filters, project) = (&*self.expand, &*self.filters, self.project.as_deref());
        nchw::map_images(&inputs[0], &output, |source, out, scratch, offset| {
            let residual = residual.map(|r| &r[offset..offset + out.len()]);
            nchw::with_planes(|planes| {
                dispatch(InvertedResidual {
                    expand,
                    expand_shape,
                    filters,
                    shape,
                    project,
                    residual,
                    source,
                    out,
                    planes,
                    scratch,
                });
            });
        })
    }

    fn facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        ensure!(inputs.len() == 1 + usize::from(self.residual), "{} inputs", inputs.len());
        let expanded = self.expand_spec.output_facts(&inputs[..1])?;
        let mut facts = self.spec.output_facts(&[&expanded[0]])?;
        facts[0].shape.set(1, self.channels().to_dim());
        Ok(facts)
    }
}

operator!(FusedInvertedResidual, Validation::Rounding);
