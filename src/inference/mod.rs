//! The inference engine: networks behind a small trait.
//!
//! Nothing outside this module knows which engine runs. [`TractEngine`] is the default;
//! [`EngineKind`] names those that can be chosen.

mod choice;
mod kernels;
#[cfg(feature = "ort")]
mod ort;
mod tract;

#[cfg(feature = "ort")]
pub use self::ort::OrtEngine;
pub use choice::EngineKind;
pub use kernels::multiply_adds;
pub use tract::TractEngine;

/// A dense tensor of `f32` in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// The length of each axis, the slowest first.
    pub shape: Vec<usize>,
    /// `shape.iter().product()` values.
    pub data: Vec<f32>,
}

impl Tensor {
    /// A tensor over `data`.
    ///
    /// # Errors
    /// [`InferenceError::Shape`] when `data` does not fill `shape`.
    pub fn new(shape: &[usize], data: Vec<f32>) -> Result<Self, InferenceError> {
        if shape.iter().product::<usize>() == data.len() {
            Ok(Self { shape: shape.to_vec(), data })
        } else {
            Err(InferenceError::Shape { expected: format!("{shape:?}"), got: format!("{} values", data.len()) })
        }
    }
}

/// Why a network did not load or did not answer.
#[derive(Debug, thiserror::Error)]
pub enum InferenceError {
    /// There is no such engine here.
    #[error("{0}")]
    Engine(String),
    /// The engine refused the graph.
    #[error("the graph cannot be loaded: {0}")]
    Load(String),
    /// The engine failed while running.
    #[error("the network failed: {0}")]
    Run(String),
    /// A tensor of another shape than expected.
    #[error("expected a tensor of {expected}, got {got}")]
    Shape {
        /// What was expected.
        expected: String,
        /// What came.
        got: String,
    },
}

/// Something that turns ONNX bytes into runnable networks.
pub trait Engine: Send + Sync {
    /// The engine's name and version, as shown under `versions` in an answer.
    fn name(&self) -> String;

    /// Loads and optimises one graph.
    ///
    /// # Errors
    /// [`InferenceError::Load`] when the graph is not understood.
    fn load(&self, onnx: Vec<u8>) -> Result<Box<dyn Network>, InferenceError>;
}

/// One loaded network: a single input, one or more outputs in the order of the graph. Shared by all threads.
pub trait Network: Send + Sync {
    /// Runs the network on one input.
    ///
    /// # Errors
    /// [`InferenceError::Run`] when the engine fails, for example on an input of a wrong shape.
    fn run(&self, input: Tensor) -> Result<Vec<Tensor>, InferenceError>;
}

/// The value at `index` of a network's outputs.
///
/// # Errors
/// [`InferenceError::Shape`] when there is no such output or it has fewer than `at_least` values.
pub fn output(outputs: &[Tensor], index: usize, at_least: usize) -> Result<&Tensor, InferenceError> {
    outputs.get(index).filter(|t| t.data.len() >= at_least).ok_or_else(|| InferenceError::Shape {
        expected: format!("{at_least} values in output {index}"),
        got: format!("{:?}", outputs.iter().map(|t| &t.shape).collect::<Vec<_>>()),
    })
}
