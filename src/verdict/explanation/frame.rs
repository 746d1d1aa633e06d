//! Sentences on the frames of an animation.

use std::time::Duration;

use super::Explanation;

/// The frames of an animation that were judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameFacts {
    /// Frames in the file.
    pub total: u32,
    /// Frames that were judged.
    pub judged: usize,
    /// The frame that decides: its index from 0, and from when on it is shown; `None` where no frame has a face.
    pub deciding: Option<(u32, Duration)>,
}

impl Explanation {
    /// The explanation of one frame as that of the animation. It says first which frames were judged and which decides.
    #[must_use]
    pub fn of_frame(mut self, facts: &FrameFacts) -> Self {
        let FrameFacts { total, judged, deciding } = facts;
        let judged = match (total, judged) {
            (1, _) => "The one frame of the animation was judged".into(),
            (_, 1) => format!("Of {total} frames of the animation, 1 was judged"),
            (_, judged) => format!("Of {total} frames of the animation, {judged} different ones were judged"),
        };
        let decides = deciding.filter(|_| *total > 1).map_or_else(String::new, |(index, at)| {
            format!("; frame {}, shown from {:.2} s on, decides", u64::from(index) + 1, at.as_secs_f64())
        });
        self.summary.insert_str(0, &format!("{judged}{decides}. "));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frames_are_said_before_the_verdict() {
        let said = |total, judged, deciding: Option<(u32, u64)>| {
            let deciding = deciding.map(|(index, ms)| (index, Duration::from_millis(ms)));
            Explanation::only("Fake.").of_frame(&FrameFacts { total, judged, deciding }).summary
        };
        assert_eq!(
            said(40, 16, Some((1, 20))),
            "Of 40 frames of the animation, 16 different ones were judged; frame 2, shown from 0.02 s on, decides. \
             Fake."
        );
        assert_eq!(said(2, 1, None), "Of 2 frames of the animation, 1 was judged. Fake.");
        assert_eq!(said(1, 1, Some((0, 0))), "The one frame of the animation was judged. Fake.");
    }
}
