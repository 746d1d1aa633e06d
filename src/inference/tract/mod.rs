//! The default engine: tract, in pure Rust, on the calling thread, with this project's operators where they are faster.
//!
//! [`rewrite`] puts the operators into a graph after parsing; tract optimises the rest and runs the graph.
#![allow(clippy::wildcard_imports, reason = "the engine's macros expand to names of its internal module")]

mod conv;
mod depthwise;
mod inverted_residual;
mod linear;
mod nchw;
mod operator;
mod patterns;
mod pool;
mod rewrite;
#[cfg(test)]
mod tests;
mod transposed_conv;

use std::io::Cursor;
use std::sync::Arc;

use tract_onnx::prelude::{
    Framework, InferenceModelExt, IntoRunnable, Tensor as TractTensor, TractResult, TypedRunnableModel, tvec,
};

use super::engine::{Engine, InferenceError, Network, Tensor};

/// Runs ONNX graphs with tract on the calling thread.
#[derive(Debug, Default, Clone, Copy)]
pub struct TractEngine;

struct TractNetwork(Arc<TypedRunnableModel>);

fn load(onnx: Vec<u8>) -> TractResult<Arc<TypedRunnableModel>> {
    let tract = tract_onnx::onnx();
    // Drop each form as soon as the next exists: every one holds all weights.
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
                Ok(Tensor { shape: t.shape().to_vec(), data: nchw::values(&t).map_err(failed)?.to_vec() })
            })
            .collect()
    }
}
