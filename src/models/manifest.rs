//! `models/manifest.toml`: the role, the source and the SHA-256 of each model file.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::place;
use crate::file_error::FileError;
use crate::toml_file::{self, TomlFileError};

/// The purpose of a file in `models/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Face detection, with five points per face.
    Detector,
    /// The 468-point mesh of a face.
    Landmarks,
    /// Eyelid contour and iris of an eye.
    Iris,
    /// Embedding A, with age and sex.
    EmbeddingA,
    /// Embedding B.
    EmbeddingB,
    /// Embedding C.
    EmbeddingC,
    /// Embedding D.
    EmbeddingD,
    /// Facial expression.
    Emotion,
    /// Traces of manipulation.
    Forensics,
    /// A pretrained image encoder.
    Encoder,
    /// The covered share of each area of a face.
    Occlusion,
    /// The coefficients from evidence to a calibrated probability, and the thresholds.
    Fusion,
    /// The probes for traces of manipulation on the image encoder's answer.
    Probes,
    /// Population statistics: the priors of every profile.
    Population,
    /// Embeddings of synthetic faces: the impostor cohort.
    Cohort,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// The input of a network, as documentation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InputSpec {
    /// The tensor's name in the graph.
    pub name: String,
    /// The axes: a length, or the name of a symbolic dimension.
    pub shape: Vec<toml::Value>,
    /// All other keys (layout, colour, range, crop).
    #[serde(flatten)]
    pub notes: toml::Table,
}

/// One output of a network.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OutputSpec {
    /// The tensor's name in the graph.
    pub name: String,
    /// The meaning of the values, with units.
    #[serde(default)]
    pub meaning: String,
    /// All other keys.
    #[serde(flatten)]
    pub notes: toml::Table,
}

/// One `[[model]]` table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ModelEntry {
    /// The role; each at most once.
    pub role: Role,
    /// The name of a file in the folder of the manifest.
    pub file: String,
    /// The file's SHA-256, 64 hex digits.
    pub sha256: String,
    /// The package and version of the weights.
    pub source: String,
    /// The weights' licence, an SPDX expression.
    pub license: String,
    /// The training data of the weights.
    pub trained_on: String,
    /// The consequence for commercial use.
    #[serde(default)]
    pub commercial_use: String,
    /// The input, for networks.
    #[serde(default)]
    pub input: Option<InputSpec>,
    /// The outputs in the order of the graph, for networks.
    #[serde(default)]
    pub outputs: Vec<OutputSpec>,
    /// All other keys.
    #[serde(flatten)]
    pub notes: toml::Table,
}

/// The parsed manifest and its folder.
#[derive(Clone, Debug)]
pub struct Manifest {
    folder: PathBuf,
    /// The entries, in the order of the file.
    pub models: Vec<ModelEntry>,
}

#[derive(Deserialize)]
struct Document {
    model: Vec<ModelEntry>,
}

/// A models folder that does not match its manifest. Each variant names the file.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// A file cannot be read.
    #[error("{0}; restore the models folder of this release")]
    Read(#[from] FileError),
    /// There is no models folder.
    #[error(
        "there are no models in `{}` (it has no manifest.toml): give the models folder with --models DIR \
         (FACEWARD_MODELS), or copy it to where it is found from anywhere with `faceward models install --models DIR`",
        .0.display()
    )]
    NoFolder(PathBuf),
    /// The manifest or a file of coefficients is not TOML of the expected form.
    #[error("{0}; restore the models folder of this release")]
    Toml(#[from] TomlFileError),
    /// A file has the right hash but not the expected form.
    #[error("{path}: {detail}; restore the models folder of this release")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The reason.
        detail: String,
    },
    /// A file's hash differs from the manifest.
    #[error(
        "{path}: altered: its SHA-256 is {found}, the manifest lists {expected}; restore the file from the release"
    )]
    Altered {
        /// The file.
        path: PathBuf,
        /// The hash in the manifest.
        expected: String,
        /// The hash of the file.
        found: String,
    },
    /// A model file that the manifest does not list.
    #[error("{path}: not listed in the manifest: remove the file or add its [[model]] table")]
    Unknown {
        /// The file.
        path: PathBuf,
    },
    /// Two entries have the same role.
    #[error("{path}: role `{role}` is listed twice: remove one of its [[model]] tables")]
    Duplicate {
        /// The manifest.
        path: PathBuf,
        /// The role.
        role: Role,
    },
    /// A role that the pipeline needs is not listed.
    #[error("{path}: no model has the role `{role}`: add its [[model]] table")]
    MissingRole {
        /// The manifest.
        path: PathBuf,
        /// The role.
        role: Role,
    },
}

impl Manifest {
    /// Reads the manifest in `folder`; the default, `models`, is also looked for beside the program. Duplicate roles, file names outside the folder and unlisted `.onnx` files are
    /// errors. [`Manifest::read`] checks the hash of each file.
    ///
    /// # Errors
    /// A [`ManifestError`] that names the file.
    pub fn open(folder: &Path) -> Result<Self, ManifestError> {
        let folder = place::find(folder);
        let path = folder.join(place::MANIFEST);
        if !path.is_file() {
            return Err(ManifestError::NoFolder(folder));
        }
        let models = toml_file::read(&path, Self::parse)?;
        for (i, m) in models.iter().enumerate() {
            if models[..i].iter().any(|other| other.role == m.role) {
                return Err(ManifestError::Duplicate { path, role: m.role });
            }
        }
        let manifest = Self { folder, models };
        manifest.refuse_unknown_files()?;
        Ok(manifest)
    }

    /// The folder of the files.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Parses the manifest's text.
    ///
    /// # Errors
    /// The position and the cause, as text.
    pub fn parse(text: &str) -> Result<Vec<ModelEntry>, String> {
        let document: Document = toml_file::parse(text)?;
        for m in &document.model {
            let plain = Path::new(&m.file).components().count() == 1 && !m.file.contains(['/', '\\']) && m.file != "..";
            if !plain {
                return Err(format!("file {:?} must be a plain name beside the manifest", m.file));
            }
            if m.sha256.len() != 64 || !m.sha256.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(format!("file {:?}: sha256 must be 64 hex digits", m.file));
            }
        }
        Ok(document.model)
    }

    fn refuse_unknown_files(&self) -> Result<(), ManifestError> {
        let read = FileError::read(&self.folder);
        for entry in std::fs::read_dir(&self.folder).map_err(read)? {
            let path = entry.map_err(read)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let is_model = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("onnx"));
            if is_model && !self.models.iter().any(|m| m.file == name) {
                return Err(ManifestError::Unknown { path });
            }
        }
        Ok(())
    }

    /// The entry with `role`.
    ///
    /// # Errors
    /// [`ManifestError::MissingRole`].
    pub fn entry(&self, role: Role) -> Result<&ModelEntry, ManifestError> {
        let missing = || ManifestError::MissingRole { path: self.folder.join(place::MANIFEST), role };
        self.models.iter().find(|m| m.role == role).ok_or_else(missing)
    }

    /// The bytes of the file with `role`, after checking its hash.
    ///
    /// # Errors
    /// A missing role, a missing file, or [`ManifestError::Altered`].
    pub fn read(&self, role: Role) -> Result<Vec<u8>, ManifestError> {
        let entry = self.entry(role)?;
        let path = self.folder.join(&entry.file);
        let bytes = std::fs::read(&path).map_err(FileError::read(&path))?;
        let found = hex::encode(Sha256::digest(&bytes));
        if found.eq_ignore_ascii_case(&entry.sha256) {
            Ok(bytes)
        } else {
            Err(ManifestError::Altered { path, expected: entry.sha256.clone(), found })
        }
    }

    /// The file with `role` as `parse` reads it, after its hash was checked.
    ///
    /// # Errors
    /// As for [`Self::read`], and the error of `parse` with the file's name.
    pub fn read_toml<T>(&self, role: Role, parse: impl FnOnce(&str) -> Result<T, String>) -> Result<T, ManifestError> {
        let bytes = self.read(role)?;
        Ok(toml_file::from_bytes(&self.folder.join(&self.entry(role)?.file), &bytes, parse)?)
    }

    /// The file with `role` as a [postcard](https://docs.rs/postcard) record, after its hash was checked.
    ///
    /// # Errors
    /// As for [`Self::read`], and [`ManifestError::Invalid`].
    pub fn read_record<T: DeserializeOwned>(&self, role: Role) -> Result<T, ManifestError> {
        postcard::from_bytes(&self.read(role)?).map_err(|e| match self.entry(role) {
            Ok(entry) => ManifestError::Invalid { path: self.folder.join(&entry.file), detail: e.to_string() },
            Err(missing) => missing,
        })
    }

    /// A hash over the hashes of all listed files: it changes when any model does.
    pub fn version(&self) -> String {
        let mut hash = Sha256::new();
        for m in &self.models {
            hash.update(m.sha256.to_ascii_lowercase());
        }
        hex::encode(&hash.finalize()[..6])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn folder(sha: &str, extra: Option<&str>) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("d.onnx"), b"weights").unwrap();
        if let Some(name) = extra {
            std::fs::write(dir.path().join(name), b"?").unwrap();
        }
        let text = format!(
            "[[model]]\nrole = \"detector\"\nfile = \"d.onnx\"\nsha256 = \"{sha}\"\nsource = \"p 1\"\n\
             license = \"MIT\"\ntrained_on = \"faces\"\n"
        );
        std::fs::write(dir.path().join("manifest.toml"), text).unwrap();
        dir
    }

    fn good_sha() -> String {
        hex::encode(Sha256::digest(b"weights"))
    }

    #[test]
    fn a_listed_file_with_its_hash_is_read() {
        let dir = folder(&good_sha(), None);
        assert_eq!(Manifest::open(dir.path()).unwrap().read(Role::Detector).unwrap(), b"weights");
    }

    #[test]
    fn missing_altered_and_unknown_files_are_named() {
        let dir = folder(&"0".repeat(64), None);
        let e = Manifest::open(dir.path()).unwrap().read(Role::Detector).unwrap_err();
        assert!(matches!(&e, ManifestError::Altered { .. }) && e.to_string().contains("d.onnx"), "{e}");

        let dir = folder(&good_sha(), Some("stranger.onnx"));
        let e = Manifest::open(dir.path()).unwrap_err();
        assert!(matches!(&e, ManifestError::Unknown { .. }) && e.to_string().contains("stranger.onnx"), "{e}");

        let dir = folder(&good_sha(), None);
        std::fs::remove_file(dir.path().join("d.onnx")).unwrap();
        let e = Manifest::open(dir.path()).unwrap().read(Role::Detector).unwrap_err();
        assert!(e.to_string().contains("d.onnx"), "{e}");

        let e = Manifest::open(dir.path()).unwrap().read(Role::Iris).unwrap_err();
        assert!(e.to_string().contains("iris"), "{e}");

        let e = Manifest::open(&dir.path().join("absent")).unwrap_err();
        assert!(
            e.to_string().contains("absent` (it has no manifest.toml): give the models folder with --models DIR"),
            "{e}"
        );
    }

    #[test]
    fn a_file_name_cannot_leave_the_folder() {
        for file in ["../d.onnx", "/etc/passwd", "a/b.onnx", "..", "a\\\\b"] {
            let text = format!(
                "[[model]]\nrole=\"iris\"\nfile=\"{file}\"\nsha256=\"{}\"\nsource=\"\"\nlicense=\"\"\ntrained_on=\"\"\n",
                good_sha()
            );
            assert!(Manifest::parse(&text).is_err(), "{file}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_an_answer_not_a_panic(text in "\\PC{0,200}") {
            let _ = Manifest::parse(&text);
        }
    }
}
