//! Every engine gives the answers of ONNX Runtime and dlib, and a models folder that does not match its manifest is
//! refused with the file's name.
//!
//! `models/build/golden.py` writes the files in `tests/golden`.
#![allow(clippy::print_stdout, reason = "the differences are worth reading")]

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::support::root;
use faceward::inference::{Engine, Network, Tensor, TractEngine};
use faceward::models::{Manifest, ManifestError, Role, Zoo, ZooError};
use ndarray::ArrayD;
use ndarray_npy::NpzReader;
use tempfile::TempDir;

/// The largest difference allowed, relative to the output's largest absolute value.
const RELATIVE_LIMIT: f32 = 1e-4;

/// The number of networks; the other files in the folder are coefficients.
const NETWORKS: usize = 11;

/// The arrays of one file in `tests/golden`.
struct Golden(NpzReader<File>);

impl Golden {
    fn open(path: &Path) -> Self {
        let file = File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Self(NpzReader::new(file).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
    }

    fn array(&mut self, key: &str) -> Tensor {
        let array: ArrayD<f32> = self.0.by_name(key).unwrap_or_else(|e| panic!("{key}: {e}"));
        Tensor::new(array.shape(), array.iter().copied().collect()).unwrap()
    }

    /// `output_0`, `output_1`, … in the order of the graph.
    fn outputs(&mut self) -> Vec<Tensor> {
        let names = self.0.names().unwrap();
        let count = names.iter().filter(|n| n.starts_with("output_")).count();
        (0..count).map(|i| self.array(&format!("output_{i}"))).collect()
    }
}

fn is_network(file: &str) -> bool {
    Path::new(file).extension().is_some_and(|e| e == "onnx")
}

/// `dlib-resnet29.onnx` is compared with `tests/golden/dlib_resnet29.npz`.
fn golden_of(file: &str) -> Option<PathBuf> {
    let stem = file.strip_suffix(".onnx")?.replace('-', "_");
    let path = root("tests/golden").join(format!("{stem}.npz"));
    path.is_file().then_some(path)
}

fn load(engine: &dyn Engine, manifest: &Manifest, role: Role) -> Box<dyn Network> {
    engine.load(manifest.read(role).unwrap()).unwrap_or_else(|e| panic!("{role}: {e}"))
}

/// The largest difference, relative to the largest expected absolute value. NaN counts as infinite.
fn relative_difference(found: &[f32], expected: &[f32]) -> f32 {
    let largest = expected.iter().fold(f32::MIN_POSITIVE, |m, v| m.max(v.abs()));
    found.iter().zip(expected).fold(0.0, |worst, (f, e)| {
        let difference = (f - e).abs();
        if difference.is_nan() { f32::INFINITY } else { worst.max(difference / largest) }
    })
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

#[test]
fn tract_answers_what_onnx_runtime_answered() {
    answers_are_golden(&TractEngine);
}

/// With the library that `ORT_DYLIB_PATH` or the system names; skipped where there is none.
#[cfg(feature = "ort")]
#[test]
fn onnx_runtime_answers_the_same() {
    match faceward::inference::OrtEngine::open() {
        Ok(engine) => answers_are_golden(&engine),
        Err(e) => println!("skipped: {e}"),
    }
}

fn answers_are_golden(engine: &dyn Engine) {
    let manifest = Manifest::open(&root("models")).unwrap();
    let mut compared = BTreeSet::new();
    for entry in &manifest.models {
        let Some(path) = golden_of(&entry.file) else { continue };
        let mut golden = Golden::open(&path);
        let expected = golden.outputs();
        let found = load(engine, &manifest, entry.role).run(golden.array("input")).unwrap();
        assert_eq!(found.len(), expected.len(), "{}: the number of outputs", entry.file);
        for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
            assert_eq!(found.shape, expected.shape, "{} output {i}", entry.file);
            let difference = relative_difference(&found.data, &expected.data);
            println!("{} output {i}: relative difference {difference:.1e}", entry.file);
            assert!(difference < RELATIVE_LIMIT, "{} output {i}: relative difference {difference:e}", entry.file);
        }
        compared.insert(entry.file.as_str());
    }
    assert!(compared.len() >= NETWORKS, "only {compared:?} have golden data");
}

#[test]
fn every_network_has_golden_data() {
    let manifest = Manifest::open(&root("models")).unwrap();
    for entry in manifest.models.iter().filter(|m| is_network(&m.file)) {
        assert!(golden_of(&entry.file).is_some(), "no golden data for {}", entry.file);
    }
}

#[test]
fn embedding_b_is_dlibs_descriptor() {
    let manifest = Manifest::open(&root("models")).unwrap();
    let mut golden = Golden::open(&root("tests/golden/dlib_bin.npz"));
    let expected = golden.array("output_0");
    let found = load(&TractEngine, &manifest, Role::EmbeddingB).run(golden.array("graph_input")).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].data.len(), expected.data.len());
    let cosine = cosine(&found[0].data, &expected.data);
    println!("cosine {cosine:.7}");
    assert!(cosine > 0.9999, "cosine {cosine}");
}

/// A copy of the models folder for a test to damage. Files are hard links if the file system allows it, so a test must
/// replace a file and never write to it.
fn copy_of_models() -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(root("models")).unwrap() {
        let from = entry.unwrap().path();
        if from.is_file() {
            let to = copy.path().join(from.file_name().unwrap());
            if fs::hard_link(&from, &to).is_err() {
                fs::copy(&from, &to).unwrap();
            }
        }
    }
    copy
}

/// Reads the file of every entry in `folder`, until the first error.
fn read_all(folder: &Path) -> Result<(), ManifestError> {
    let manifest = Manifest::open(folder)?;
    manifest.models.iter().try_for_each(|m| manifest.read(m.role).map(drop))
}

fn listed_files() -> Vec<String> {
    Manifest::open(&root("models")).unwrap().models.into_iter().map(|m| m.file).collect()
}

#[test]
fn the_models_are_as_the_manifest_says() {
    read_all(&root("models")).unwrap();
    read_all(copy_of_models().path()).unwrap();
}

#[test]
fn a_missing_file_is_named() {
    for file in listed_files() {
        let folder = copy_of_models();
        fs::remove_file(folder.path().join(&file)).unwrap();
        let e = read_all(folder.path()).unwrap_err();
        assert!(matches!(&e, ManifestError::Read(e) if e.path.ends_with(&file)), "{file}: {e}");
        assert!(e.to_string().contains(&file), "{e}");
    }
}

#[test]
fn a_file_altered_in_one_bit_is_named() {
    for file in listed_files() {
        let folder = copy_of_models();
        let path = folder.path().join(&file);
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::remove_file(&path).unwrap();
        fs::write(&path, bytes).unwrap();
        let e = read_all(folder.path()).unwrap_err();
        assert!(matches!(&e, ManifestError::Altered { path, .. } if path.ends_with(&file)), "{file}: {e}");
        assert!(e.to_string().contains(&file), "{e}");
    }
}

#[test]
fn an_unknown_file_is_named() {
    let folder = copy_of_models();
    fs::write(folder.path().join("stranger.onnx"), b"?").unwrap();
    let e = read_all(folder.path()).unwrap_err();
    assert!(matches!(&e, ManifestError::Unknown { path } if path.ends_with("stranger.onnx")), "{e}");
    assert!(e.to_string().contains("stranger.onnx"), "{e}");
}

#[test]
fn a_damaged_folder_loads_no_network() {
    let folder = copy_of_models();
    let path = folder.path().join("centerface.onnx");
    fs::remove_file(&path).unwrap();
    fs::write(&path, b"not a network").unwrap();
    let manifest = Manifest::open(folder.path()).unwrap();
    let Err(e) = Zoo::load(&manifest, &TractEngine) else { panic!("an altered detector was loaded") };
    assert!(matches!(e, ZooError::Manifest(ManifestError::Altered { .. })), "{e}");
    assert!(e.to_string().contains("centerface.onnx"), "{e}");
}
