//! Loading the networks for a command.

use std::path::Path;
use std::sync::Arc;

use faceward::face::{DetectorSettings, FaceFinder};
use faceward::inference::TractEngine;
use faceward::models::{Manifest, Zoo};
use faceward::template::TemplateExtractor;

use super::Failure;

/// The finder and the extractor over the networks in `models`.
pub(super) fn networks(models: &Path) -> Result<(FaceFinder, TemplateExtractor), Failure> {
    let zoo = Arc::new(Zoo::load(&Manifest::open(models)?, &TractEngine)?);
    Ok((FaceFinder::new(zoo.clone(), DetectorSettings::default()), TemplateExtractor::new(zoo)))
}
