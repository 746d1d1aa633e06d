//! Which engine runs the networks, by name.

use std::str::FromStr;

use serde::Deserialize;

use super::{Engine, InferenceError, TractEngine};

/// An engine's name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// In the program, always there.
    #[default]
    Tract,
    /// ONNX Runtime, with the library of the machine; only in a program built with the feature `ort`.
    Ort,
}

impl FromStr for EngineKind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "tract" => Ok(Self::Tract),
            "ort" => Ok(Self::Ort),
            _ => Err(format!("{name} is no engine: tract or ort")),
        }
    }
}

impl EngineKind {
    /// The engine, ready to load networks.
    ///
    /// # Errors
    /// [`InferenceError::Engine`] where this program or this machine does not have it.
    pub fn open(self) -> Result<Box<dyn Engine>, InferenceError> {
        match self {
            Self::Tract => Ok(Box::new(TractEngine)),
            #[cfg(feature = "ort")]
            Self::Ort => Ok(Box::new(super::OrtEngine::open()?)),
            #[cfg(not(feature = "ort"))]
            Self::Ort => Err(InferenceError::Engine(
                "this program was built without ONNX Runtime: build it with --features ort".into(),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_always_there_and_names_are_checked() {
        assert!(EngineKind::default().open().unwrap().name().starts_with("tract"));
        assert_eq!("ort".parse(), Ok(EngineKind::Ort));
        assert!("onnx".parse::<EngineKind>().unwrap_err().contains("onnx"));
    }

    #[cfg(not(feature = "ort"))]
    #[test]
    fn a_program_without_the_other_says_so() {
        let Err(e) = EngineKind::Ort.open() else { panic!("it is not built in") };
        assert!(e.to_string().contains("--features ort"), "{e}");
    }
}
