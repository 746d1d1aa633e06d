//! ONNX Runtime as the engine (feature `ort`).
//!
//! Opening the engine loads the shared library: from `ORT_DYLIB_PATH` if set, otherwise `libonnxruntime.so` (`.dylib`,
//! `.dll`) from the search path of the system. Nothing is downloaded.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use ort::session::Session;
use ort::value::TensorRef;

use super::engine::{Engine, InferenceError, Network, Tensor};

/// Runs ONNX graphs with ONNX Runtime on the calling thread.
#[derive(Debug)]
pub struct OrtEngine {
    /// The library's name and version.
    name: String,
}

/// The environment variable with the path of the library.
const PATH: &str = "ORT_DYLIB_PATH";

impl OrtEngine {
    /// Loads the library.
    ///
    /// # Errors
    /// [`InferenceError::Engine`] if it is not found or too old.
    pub fn open() -> Result<Self, InferenceError> {
        let path = std::env::var_os(PATH).filter(|path| !path.is_empty()).map_or_else(
            || PathBuf::from(format!("{}onnxruntime{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX)),
            PathBuf::from,
        );
        let fail = |e: ort::LoadDynamicError| {
            InferenceError::Engine(format!("ONNX Runtime: {e}: set {PATH} to the path of its library"))
        };
        ort::init_from(path).map_err(fail)?.commit();
        // "ORT Build Info: git-branch=HEAD, git-commit-id=…, …"
        let built = ort::info().split([',', ' ']).find_map(|part| part.strip_prefix("git-commit-id="));
        Ok(Self { name: built.map_or_else(|| "ONNX Runtime".into(), |commit| format!("ONNX Runtime {commit}")) })
    }
}

/// A pool of sessions, one per concurrent caller, each with its own copy of the weights: the library does not guarantee
/// that a session may run on several threads at a time.
struct OrtNetwork {
    onnx: Vec<u8>,
    idle: Mutex<Vec<Session>>,
}

fn session(onnx: &[u8]) -> ort::Result<Session> {
    Session::builder()?.with_intra_threads(1)?.with_inter_threads(1)?.commit_from_memory(onnx)
}

impl Engine for OrtEngine {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn load(&self, onnx: Vec<u8>) -> Result<Box<dyn Network>, InferenceError> {
        let first = session(&onnx).map_err(|e| InferenceError::Load(e.to_string()))?;
        Ok(Box::new(OrtNetwork { onnx, idle: Mutex::new(vec![first]) }))
    }
}

impl Network for OrtNetwork {
    fn run(&self, input: Tensor) -> Result<Vec<Tensor>, InferenceError> {
        let failed = |e: ort::Error| InferenceError::Run(e.to_string());
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = idle().pop();
        let mut session = match waiting {
            Some(session) => session,
            None => session(&self.onnx).map_err(failed)?,
        };
        let answer = run(&mut session, &input).map_err(failed);
        idle().push(session);
        answer
    }
}

fn run(session: &mut Session, input: &Tensor) -> ort::Result<Vec<Tensor>> {
    let view = TensorRef::from_array_view((input.shape.as_slice(), input.data.as_slice()))?;
    let outputs = session.run(ort::inputs![view])?;
    outputs
        .values()
        .map(|value| {
            let (shape, data) = value.try_extract_tensor::<f32>()?;
            let shape = shape.iter().map(|side| side.unsigned_abs() as usize).collect();
            Ok(Tensor { shape, data: data.to_vec() })
        })
        .collect()
}
