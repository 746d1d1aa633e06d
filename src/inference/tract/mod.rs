//! The default engine: tract, pure Rust, one core a call, with operators of this project where they are faster.
//!
//! [`rewrite`] puts the operators into a graph as it was read; tract optimises what is left and runs the whole.
#![allow(clippy::wildcard_imports, reason = "the engine's macros expand to names of its internal module")]

mod chain;
mod conv;
mod depthwise;
mod follow;
mod plane;
mod pool;
mod rewrite;
mod spread;
#[cfg(test)]
mod tests;

use std::io::Cursor;
use std::sync::Arc;

use tract_onnx::prelude::{
    Framework, InferenceModelExt, IntoRunnable, Tensor as TractTensor, TractResult, TypedRunnableModel, tvec,
};

use super::{Engine, InferenceError, Network, Tensor};

/// Runs ONNX graphs with tract on the calling thread.
#[derive(Debug, Default, Clone, Copy)]
pub struct TractEngine;

struct TractNetwork(Arc<TypedRunnableModel>);

fn load(onnx: Vec<u8>) -> TractResult<Arc<TypedRunnableModel>> {
    let tract = tract_onnx::onnx();
    // The bytes go once they are parsed, and what was parsed once it is a graph: each holds all the weights.
    let parsed = tract.proto_model_for_read(&mut Cursor::new(onnx))?;
    let graph = tract.model_for_proto_model(&parsed)?;
    drop(parsed);
    let mut model = graph.into_typed()?;
    rewrite::rewrite(&mut model)?;
    model.into_optimized()?.into_runnable()
}

impl Engine for TractEngine {
    fn name(&self) -> String {
        "tract 0.23".into()
    }

    fn load(&self, onnx: Vec<u8>) -> Result<Box<dyn Network>, InferenceError> {
        let plan = load(onnx).map_err(|e| InferenceError::Load(format!("{e:#}")))?;
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
                Ok(Tensor { shape: t.shape().to_vec(), data: plane::values(&t).map_err(failed)?.to_vec() })
            })
            .collect()
    }
}
