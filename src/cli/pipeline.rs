//! The networks for commands that work without a service.

use std::path::Path;
use std::sync::Arc;

use faceward::face::{DetectorSettings, FaceFinder};
use faceward::inference::TractEngine;
use faceward::models::{Manifest, Zoo};
use faceward::template::TemplateExtractor;

use super::Failure;

/// Loads the face finder and the template extractor from the folder `models`.
pub(super) fn networks(models: &Path) -> Result<(FaceFinder, TemplateExtractor), Failure> {
    let zoo = Arc::new(Zoo::load(&Manifest::open(models)?, &TractEngine)?);
    Ok((FaceFinder::new(zoo.clone(), DetectorSettings::default()), TemplateExtractor::new(zoo)))
}
