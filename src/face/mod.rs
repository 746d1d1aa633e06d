//! Pixels to faces: detection, the mesh, pose, quality, and what covers a face.
//!
//! [`FaceFinder::find`] runs the whole stage and returns the [`Face`]s of a picture, the largest first.

mod alignment;
mod center_face;
mod closer;
mod detection;
mod detector;
mod finder;
mod merge;
mod mesh;
mod occlusion;
mod outline;
mod pose;
mod quality;
mod scaled;
mod tiles;

pub use alignment::{CropPlan, arcface_map, dlib_map, square_map};
pub use detection::{BoundingBox, Detection};
pub use detector::{Detected, DetectorSettings, detect};
pub use finder::{Face, FaceFinder, Faces};
pub use mesh::{MESH_POINTS, Mesh, index};
pub use occlusion::{Area, Areas, Occlusion};
pub use outline::Outlines;
pub use pose::{HeadFrame, Pose};
pub use quality::{Component, Quality, QualityComponent};
