//! Pixels to faces: detection, the mesh, pose, quality.
//!
//! [`FaceFinder::find`] runs the whole stage and returns the [`Face`]s of a picture, the largest first.

mod alignment;
mod center_face;
mod detection;
mod detector;
mod finder;
mod mesh;
mod pose;
mod quality;

pub use alignment::{CropPlan, arcface_map, dlib_map, square_map};
pub use detection::{BoundingBox, Detection};
pub use detector::{DetectorSettings, detect};
pub use finder::{Face, FaceFinder};
pub use mesh::{MESH_POINTS, Mesh, index};
pub use pose::{HeadFrame, Pose};
pub use quality::{Component, Quality, QualityComponent};
