//! A frame with the time that it is shown: of an animation, or of a video.

use std::time::Duration;

use super::Decoded;

/// A frame.
#[derive(Debug)]
pub struct Frame {
    /// Its pixels, upright and in sRGB, with the facts of the whole file.
    pub picture: Decoded,
    /// Its index among the frames of the file, from 0.
    pub index: u32,
    /// From the beginning to when it is first shown.
    pub at: Duration,
    /// The time that it is shown, repetitions included.
    pub shown: Duration,
}
