//! Frames with the time that they are shown: of an animation, or of a video.

use std::time::Duration;

use super::Pyramid;

/// A frame.
#[derive(Debug)]
pub struct Frame {
    /// Its pixels, upright and in sRGB.
    pub image: Pyramid,
    /// From the beginning to when it is first shown.
    pub at: Duration,
    /// The time that it is shown, repetitions included.
    pub shown: Duration,
}

/// A sample of frames, in the order of time.
#[derive(Debug)]
pub struct Frames {
    /// Different frames that are not blank.
    pub frames: Vec<Frame>,
    /// Frames in the file.
    pub total: u32,
    /// Whether no frame is missing or damaged.
    pub is_complete: bool,
}
