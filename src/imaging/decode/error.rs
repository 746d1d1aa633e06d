//! Why bytes do not become pixels.

use super::format;
use crate::error_code::ErrorCode;

/// Why an image is refused. Each variant has a stable [`code`](DecodeError::code).
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The file has no bytes.
    #[error("the image is empty (zero bytes): send the bytes of an image file")]
    Empty,
    /// The file has more bytes than [`DecodeLimits::max_bytes`](super::DecodeLimits::max_bytes).
    #[error("the image has {bytes} bytes; at most {limit} are accepted: send a smaller copy")]
    TooManyBytes {
        /// Bytes received.
        bytes: usize,
        /// Bytes accepted.
        limit: usize,
    },
    /// The header states larger dimensions than are accepted.
    #[error(
        "the image is {width} x {height} pixels; at most {max_pixels} pixels and {max_side} per side are accepted: \
         scale it down"
    )]
    TooManyPixels {
        /// Columns by the header.
        width: u32,
        /// Rows by the header.
        height: u32,
        /// Pixels accepted.
        max_pixels: u64,
        /// Longest side accepted.
        max_side: u32,
    },
    /// A format that is known and not read.
    #[error("this is {what}, which is not read: {next}")]
    NotRead {
        /// The format.
        what: &'static str,
        /// What to send instead.
        next: &'static str,
    },
    /// The first bytes are those of no known format.
    #[error("the bytes are not an image in a supported format: send {}", format::NAMES)]
    UnsupportedFormat,
    /// The format is served, but the data is broken.
    #[error("the {format} data cannot be decoded ({detail}): send the original file, or save the image again")]
    Corrupt {
        /// The container by its first bytes.
        format: &'static str,
        /// The decoder's message.
        detail: String,
    },
}

impl DecodeError {
    /// The stable code of the problem document.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Empty => ErrorCode::ImageEmpty,
            Self::TooManyBytes { .. } | Self::TooManyPixels { .. } => ErrorCode::ImageTooLarge,
            Self::UnsupportedFormat | Self::NotRead { .. } => ErrorCode::ImageFormatUnsupported,
            Self::Corrupt { .. } => ErrorCode::ImageUndecodable,
        }
    }
}
