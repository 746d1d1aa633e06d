//! AV1 pictures (the bitstream of the Alliance for Open Media), decoded in a process of their own.
//!
//! [`decoder`] calls a library that ends the process where it finds itself in a state that should not be. A program
//! that may not end so calls [`serve`] in a child and says with [`decode_in`] how to start it; [`worker`] speaks with
//! it. Any other program, such as a test, decodes in its own process.

mod decoder;
mod worker;

pub(crate) use worker::Worker;
pub use worker::{decode_in, serve};

/// Samples of a plane, row after row.
pub(crate) type Samples = Vec<u16>;

/// What is to be decoded.
#[derive(Debug)]
pub(crate) struct Request<'d> {
    pub(crate) data: &'d [u8],
    /// A picture with more pixels is refused.
    pub(crate) most: u32,
    /// Which of several qualities in the data.
    pub(crate) operating_point: u8,
}

/// A decoded picture.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Columns and rows.
    pub(crate) size: (usize, usize),
    /// Bits of a sample.
    pub(crate) depth: u8,
    /// Whether chroma has half the columns, and half the rows.
    pub(crate) is_halved: (bool, bool),
    /// Whether samples of halved chroma lie on those of luma, by column and by row.
    pub(crate) is_on_luma: (bool, bool),
    /// The code point of the matrix (ITU-T H.273).
    pub(crate) matrix: u16,
    /// Whether all values of a sample are used.
    pub(crate) is_full: bool,
    /// Luma and chroma; the latter are empty for a picture without colour.
    pub(crate) planes: [Samples; 3],
}

/// Why nothing is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fail {
    /// The data is damaged, or its picture has too many pixels.
    Damaged,
    /// The data holds no picture.
    NoPicture,
    /// The decoder failed, or took too long.
    Decoder,
}

impl Fail {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Damaged => "its AV1 data is damaged, or has another size than the file says",
            Self::NoPicture => "its AV1 data holds no picture",
            Self::Decoder => "its decoder failed",
        }
    }
}
