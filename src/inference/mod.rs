//! Inference engines behind a small trait.
//!
//! Nothing outside this module depends on the engine. [`TractEngine`] is the default; [`EngineKind`] lists the choices.

mod choice;
mod engine;
mod kernels;
#[cfg(feature = "ort")]
mod ort;
mod tract;

#[cfg(feature = "ort")]
pub use self::ort::OrtEngine;
pub use choice::EngineKind;
pub use engine::{Engine, InferenceError, Network, Tensor, output};
pub use kernels::multiply_adds;
pub use tract::TractEngine;
