//! The pixels of one component.

/// Rows of pixels, with padding after each.
pub(super) struct Plane {
    pub(super) pixels: Vec<u8>,
    /// Pixels from one row to the next.
    pub(super) pitch: usize,
}

impl Plane {
    /// Row `y`, with the padding after it.
    pub(super) fn row(&self, y: usize) -> Option<&[u8]> {
        self.pixels.get(y * self.pitch..(y + 1) * self.pitch)
    }
}
