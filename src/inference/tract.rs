//! The default engine: tract, pure Rust, one core a call.

use std::io::Cursor;
use std::sync::Arc;

use tract_onnx::prelude::{
    Framework, InferenceModelExt, IntoRunnable, Tensor as TractTensor, TypedRunnableModel, tvec,
};

use super::{Engine, InferenceError, Network, Tensor};

/// Runs ONNX graphs with tract on the calling thread.
#[derive(Debug, Default, Clone, Copy)]
pub struct TractEngine;

struct TractNetwork(Arc<TypedRunnableModel>);

impl Engine for TractEngine {
    fn name(&self) -> String {
        "tract 0.23".into()
    }

    fn load(&self, onnx: &[u8]) -> Result<Box<dyn Network>, InferenceError> {
        let load = |e: tract_onnx::prelude::TractError| InferenceError::Load(format!("{e:#}"));
        let plan = tract_onnx::onnx()
            .model_for_read(&mut Cursor::new(onnx))
            .and_then(InferenceModelExt::into_optimized)
            .and_then(IntoRunnable::into_runnable)
            .map_err(load)?;
        Ok(Box::new(TractNetwork(plan)))
    }
}

impl Network for TractNetwork {
    fn run(&self, input: Tensor) -> Result<Vec<Tensor>, InferenceError> {
        let failed = |e: tract_onnx::prelude::TractError| InferenceError::Run(format!("{e:#}"));
        let tensor = TractTensor::from_shape(&input.shape, &input.data).map_err(failed)?;
        let outputs = self.0.run(tvec!(tensor.into())).map_err(failed)?;
        outputs
            .iter()
            .map(|t| {
                let t = t.cast_to::<f32>().map_err(failed)?;
                let view = t.to_plain_array_view::<f32>().map_err(failed)?;
                Ok(Tensor { shape: view.shape().to_vec(), data: view.iter().copied().collect() })
            })
            .collect()
    }
}
