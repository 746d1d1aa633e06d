//! Bytes to upright RGB pixels, with limits, before anything is trusted.
//!
//! [`decode()`] is the only door through which outside bytes become pixels. [`Patch`] is what every network sees: a
//! small floating-point picture sampled straight from the source by an [`Affine`] map.

mod affine;
mod decode;
mod folder;
mod grid;
mod hull;
mod jpeg;
mod patch;
mod pyramid;

pub use affine::{Affine, Point};
pub use decode::{DecodeError, DecodeLimits, Decoded, decode, decode_whole};
pub use folder::image_files;
pub(crate) use grid::between_fields;
pub use hull::Hull;
pub use image::RgbImage;
#[cfg(any(test, fuzzing))]
pub(crate) use jpeg::reduced as reduced_jpeg;
pub use patch::{Channels, Patch};
pub use pyramid::Pyramid;
