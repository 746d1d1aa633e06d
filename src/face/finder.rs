//! Pixels to faces with mesh, pose and quality.

use std::sync::Arc;

use super::pose::HeadFrame;
use super::{Detected, Detection, DetectorSettings, Mesh, Pose, Quality, detect};
use crate::imaging::Pyramid;
use crate::inference::InferenceError;
use crate::models::Zoo;

/// A face in a picture, not yet identified.
#[derive(Clone, Debug)]
pub struct Face {
    /// Box and five points.
    pub detection: Detection,
    /// 468 points.
    pub mesh: Mesh,
    /// The pose of the head.
    pub pose: Pose,
    /// How well the face can be read.
    pub quality: Quality,
}

/// The faces of a picture.
#[derive(Clone, Debug)]
pub struct Faces {
    /// The largest first, [`DetectorSettings::max_faces`] at most.
    pub faces: Vec<Face>,
    /// The number of faces found, those left out too.
    pub total: usize,
    /// The longer side of a face's box from which on the whole picture was searched, in pixels of the picture.
    pub smallest_face: f32,
}

/// Finds faces and fits their meshes.
#[derive(Clone)]
pub struct FaceFinder {
    zoo: Arc<Zoo>,
    settings: DetectorSettings,
}

impl FaceFinder {
    /// A finder over loaded networks.
    pub fn new(zoo: Arc<Zoo>, settings: DetectorSettings) -> Self {
        Self { zoo, settings }
    }

    /// The same finder with other settings.
    #[must_use]
    pub fn with_settings(self, settings: DetectorSettings) -> Self {
        Self { settings, ..self }
    }

    /// Every face of at least the detector's confidence.
    ///
    /// # Errors
    /// When a network fails.
    pub fn find(&self, image: &Pyramid) -> Result<Faces, InferenceError> {
        let Detected { faces, total, smallest_face } = detect(self.zoo.detector.as_ref(), image, &self.settings)?;
        let faces = faces.into_iter().map(|d| self.describe(image, d)).collect::<Result<_, _>>()?;
        Ok(Faces { faces, total, smallest_face })
    }

    /// Fits mesh, pose and quality to a face that is already detected.
    ///
    /// # Errors
    /// When a network fails.
    pub fn describe(&self, image: &Pyramid, detection: Detection) -> Result<Face, InferenceError> {
        let mesh = Mesh::fit(self.zoo.landmarks.as_ref(), image, &detection)?;
        let pose = HeadFrame::of(&mesh).pose();
        let quality = Quality::measure(image, &detection, &mesh, pose);
        Ok(Face { detection, mesh, pose, quality })
    }
}
