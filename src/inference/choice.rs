//! The choice of an engine by name.

use std::str::FromStr;

use serde::Deserialize;

use super::engine::{Engine, InferenceError};
use super::tract::TractEngine;

/// An inference engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// tract, built in.
    #[default]
    Tract,
    /// ONNX Runtime from a shared library; needs the feature `ort`.
    Ort,
}

impl FromStr for EngineKind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "tract" => Ok(Self::Tract),
            "ort" => Ok(Self::Ort),
            _ => Err(format!("unknown engine `{name}`: choose `tract` or `ort`")),
        }
    }
}

impl EngineKind {
    /// Opens the engine.
    ///
    /// # Errors
    /// [`InferenceError::Engine`] if it is not built in, or its library is not found.
    pub fn open(self) -> Result<Box<dyn Engine>, InferenceError> {
        match self {
            Self::Tract => Ok(Box::new(TractEngine)),
            #[cfg(feature = "ort")]
            Self::Ort => Ok(Box::new(super::ort::OrtEngine::open()?)),
            #[cfg(not(feature = "ort"))]
            Self::Ort => Err(InferenceError::Engine(
                "this build has no ONNX Runtime: build with `--features ort`, or choose `tract`".into(),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_built_in_and_names_are_checked() {
        assert!(EngineKind::default().open().unwrap().name().starts_with("tract"));
        assert_eq!("ort".parse(), Ok(EngineKind::Ort));
        assert_eq!("onnx".parse::<EngineKind>().unwrap_err(), "unknown engine `onnx`: choose `tract` or `ort`");
    }

    #[cfg(not(feature = "ort"))]
    #[test]
    fn a_build_without_ort_says_how_to_get_it() {
        let Err(e) = EngineKind::Ort.open() else { panic!("it is not built in") };
        assert!(e.to_string().contains("--features ort"), "{e}");
    }
}
