//! Bytes to upright RGB pixels, with limits.
//!
//! [`decode()`] and, frame by frame, [`Animation`] are the only ways in which bytes from outside become pixels.
//! [`Patch`] is the input of every network: a small floating-point picture sampled from the source through an
//! [`Affine`] map. [`image_files`] lists the images of a folder.

mod affine;
mod av1;
mod decode;
mod folder;
mod frames;
mod grid;
mod heif;
mod hull;
mod jpeg;
mod kind;
mod patch;
mod pyramid;
mod sampler;

pub use affine::{Affine, Point};
pub use av1::{decode_in as decode_av1_in, serve as serve_av1};
pub use decode::{
    Animation, ColourProfile, DEFAULT_FRAMES, DecodeError, DecodeLimits, Decoded, Facts, decode, decode_whole,
    is_animated,
};
pub use folder::{ImageFiles, LeftOut, Why, image_files};
pub use frames::Frame;
pub(crate) use grid::between_fields;
pub use hull::Hull;
pub use image::RgbImage;
#[cfg(any(test, fuzzing))]
pub(crate) use jpeg::reduced as reduced_jpeg;
pub use patch::{Channels, Patch};
pub use pyramid::Pyramid;
