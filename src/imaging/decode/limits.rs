//! What an image may cost before it is refused.

use super::DecodeError;

/// The largest image that is decoded.
#[derive(Clone, Copy, Debug)]
pub struct DecodeLimits {
    /// Encoded size in bytes.
    pub max_bytes: usize,
    /// Width x height, read from the header before any pixel is decoded. A JPEG with more pixels is decoded at a
    /// fraction of its size, with at most this many.
    pub max_pixels: u64,
    /// The longer side in pixels, read from the header too.
    pub max_side: u32,
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self { max_bytes: 20 << 20, max_pixels: 50_000_000, max_side: 16_384 }
    }
}

impl DecodeLimits {
    /// Refuses a file without bytes or with too many.
    pub(super) fn check_bytes(&self, bytes: usize) -> Result<(), DecodeError> {
        match bytes {
            0 => Err(DecodeError::Empty),
            n if n > self.max_bytes => Err(DecodeError::TooManyBytes { bytes, limit: self.max_bytes }),
            _ => Ok(()),
        }
    }

    /// Refuses dimensions that are too large.
    pub(super) fn check_size(&self, size: (u32, u32)) -> Result<(), DecodeError> {
        self.check_size_halved(size, 0)
    }

    /// Refuses dimensions that are too large when halved `halvings` times, or whose longer side is too long in the
    /// file.
    pub(super) fn check_size_halved(&self, (width, height): (u32, u32), halvings: usize) -> Result<(), DecodeError> {
        let pixels = (u64::from(width) * u64::from(height)) >> (2 * halvings);
        if pixels > self.max_pixels || width.max(height) > self.max_side {
            return Err(self.refusal((width, height)));
        }
        Ok(())
    }

    /// The refusal of these dimensions.
    pub(super) fn refusal(&self, (width, height): (u32, u32)) -> DecodeError {
        let Self { max_pixels, max_side, .. } = *self;
        DecodeError::TooManyPixels { width, height, max_pixels, max_side }
    }

    /// Bytes that decoding may allocate. The widest pixel decoded is RGBA with 16 bits per channel, and decoders need
    /// about as much again to work in.
    pub(super) fn memory(&self) -> u64 {
        self.max_pixels.saturating_mul(16)
    }
}
