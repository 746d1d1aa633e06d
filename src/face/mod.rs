//! Pixels to faces: detection, the mesh, pose, quality.
//!
//! [`FaceFinder::find`] runs the whole stage; what comes out is a list of [`Face`]s, the largest first.

mod alignment;
mod detection;
mod finder;
mod mesh;
mod pose;
mod quality;

pub use alignment::{CropPlan, arcface_map, dlib_map, square_map};
pub use detection::{BoundingBox, Detection, DetectorSettings, detect};
pub use finder::{Face, FaceFinder};
pub use mesh::{MESH_POINTS, Mesh, index};
pub use pose::{HeadFrame, Pose};
pub use quality::{Component, Quality, QualityComponent};
