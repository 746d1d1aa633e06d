//! The whole stage: pixels to faces with mesh, pose and quality.

use std::sync::Arc;

use super::pose::HeadFrame;
use super::{Detection, DetectorSettings, Mesh, Pose, Quality, detect};
use crate::imaging::Pyramid;
use crate::inference::InferenceError;
use crate::models::Zoo;

/// A face in a picture, before anything is said about whose it is.
#[derive(Clone, Debug)]
pub struct Face {
    /// Box and five points.
    pub detection: Detection,
    /// 468 points.
    pub mesh: Mesh,
    /// Which way the head is turned.
    pub pose: Pose,
    /// How well it can be read.
    pub quality: Quality,
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

    /// The finder that looks in this way.
    #[must_use]
    pub fn with_settings(self, settings: DetectorSettings) -> Self {
        Self { settings, ..self }
    }

    /// Every face of at least the detector's confidence, the largest first.
    ///
    /// # Errors
    /// When a network fails.
    pub fn find(&self, image: &Pyramid) -> Result<Vec<Face>, InferenceError> {
        let detections = detect(self.zoo.detector.as_ref(), image, &self.settings)?;
        detections.into_iter().map(|d| self.describe(image, d)).collect()
    }

    /// A face that was found already.
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
