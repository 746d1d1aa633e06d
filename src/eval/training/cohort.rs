//! The cohort of strangers, `models/cohort.bin`.

use std::io::{self, BufRead, Write};

use super::templates::read_templates;
use crate::template::Embeddings;

/// Writes the embeddings of the largest face of each picture of `lines` (the output of `write_templates`); returns the
/// number of faces.
///
/// # Errors
/// When the lines cannot be read or `out` cannot be written.
pub fn write_cohort(lines: impl BufRead, out: &mut impl Write) -> io::Result<usize> {
    let mut cohort: Vec<Embeddings> = Vec::new();
    for picture in read_templates(lines) {
        cohort.extend(picture?.1.into_iter().next().map(|template| template.embeddings));
    }
    let bytes = postcard::to_stdvec(&cohort).map_err(io::Error::other)?;
    out.write_all(&bytes)?;
    Ok(cohort.len())
}
