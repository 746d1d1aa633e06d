//! The traits of an engine and of a loaded network, and the tensors between them.

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
    /// [`InferenceError::Shape`] if the length of `data` is not that of `shape`.
    pub fn new(shape: &[usize], data: Vec<f32>) -> Result<Self, InferenceError> {
        if shape.iter().product::<usize>() == data.len() {
            Ok(Self { shape: shape.to_vec(), data })
        } else {
            Err(InferenceError::Shape { expected: format!("{shape:?}"), got: format!("{} values", data.len()) })
        }
    }
}

/// A network did not load or did not run.
#[derive(Debug, thiserror::Error)]
pub enum InferenceError {
    /// The engine is not available.
    #[error("{0}")]
    Engine(String),
    /// The engine refused the graph.
    #[error("the graph cannot be loaded: {0}")]
    Load(String),
    /// The engine failed while running.
    #[error("{0}")]
    Run(String),
    /// A tensor has an unexpected shape.
    #[error("expected a tensor of {expected}, got {got}")]
    Shape {
        /// The expected shape.
        expected: String,
        /// The actual shape.
        got: String,
    },
}

/// Loads ONNX graphs as runnable networks.
pub trait Engine: Send + Sync {
    /// The engine's name and version, as shown under `versions` in an answer.
    fn name(&self) -> String;

    /// Loads and optimises one graph.
    ///
    /// # Errors
    /// [`InferenceError::Load`] if the engine does not support the graph.
    fn load(&self, onnx: Vec<u8>) -> Result<Box<dyn Network>, InferenceError>;
}

/// A loaded network, shared by all threads: one input, and one or more outputs in the order of the graph.
pub trait Network: Send + Sync {
    /// Runs the network on one input.
    ///
    /// # Errors
    /// [`InferenceError::Run`] if the engine fails, for example on an input of the wrong shape.
    fn run(&self, input: Tensor) -> Result<Vec<Tensor>, InferenceError>;
}

/// The output of a network at `index`.
///
/// # Errors
/// [`InferenceError::Shape`] if there is no such output or it has fewer than `at_least` values.
pub fn output(outputs: &[Tensor], index: usize, at_least: usize) -> Result<&Tensor, InferenceError> {
    outputs.get(index).filter(|t| t.data.len() >= at_least).ok_or_else(|| InferenceError::Shape {
        expected: format!("{at_least} values in output {index}"),
        got: format!("{:?}", outputs.iter().map(|t| &t.shape).collect::<Vec<_>>()),
    })
}
