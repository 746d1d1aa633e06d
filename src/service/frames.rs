//! Animations: each of the chosen frames is judged as a picture of its own, and the one with the most alarming verdict
//! decides.

use super::analyser::{Found, Moment};
use super::report::{AnimationReport, FrameReport};
use super::{Service, ServiceError, Verification};
use crate::verdict::{FrameFacts, deciding};

impl Service {
    /// The answer for an image by `judge`, which judges one picture: a still, or one frame after another. Only one
    /// frame is in memory at a time.
    pub(super) fn of_pictures(
        &self,
        bytes: &[u8],
        mut judge: impl FnMut(&Found) -> Result<Verification, ServiceError>,
    ) -> Result<Verification, ServiceError> {
        let mut judge = |found: &Found| {
            judge(found).map(|answer| Verification {
                faces_found: found.total,
                more_faces: found.total > found.faces.len(),
                smallest_face: found.smallest_face,
                ..answer
            })
        };
        let Some(animation) = self.analyser.animation(bytes)? else { return judge(&self.analyser.find(bytes)?) };
        let mut answers = Vec::with_capacity(animation.len());
        for found in self.analyser.find_in_frames(&animation, bytes) {
            let (moment, found) = found?;
            answers.push((moment, judge(&found)?));
        }
        if let Some(answer) = of_frames(answers, animation.all_read && animation.is_complete) {
            return Ok(answer);
        }
        // No frame can be read: what is left is the front of the first, or a picture that is not shown.
        let mut found = self.analyser.find(bytes)?;
        found.image.complete = false;
        judge(&found)
    }
}

/// The answer of the frame that decides, with the report on all; `None` without a frame.
fn of_frames(mut answers: Vec<(Moment, Verification)>, all_read: bool) -> Option<Verification> {
    let frames = answers.iter().map(|(moment, answer)| report(*moment, answer)).collect::<Vec<_>>();
    let more_faces = answers.iter().any(|(_, answer)| answer.more_faces);
    let smallest_face = answers.iter().map(|(_, answer)| answer.smallest_face).max();
    // A frame without a face decides only where no frame has one.
    let with_face = answers
        .iter()
        .enumerate()
        .filter_map(|(i, (_, answer))| Some((i, answer.faces.get(answer.deciding_face?)?.standing)));
    let (indices, standings): (Vec<usize>, Vec<_>) = with_face.unzip();
    let decides = deciding(standings).and_then(|i| indices.get(i).copied()).unwrap_or(0);
    let (moment, mut answer) = (decides < answers.len()).then(|| answers.swap_remove(decides))?;
    let facts = FrameFacts {
        total: answer.image.frames,
        judged: frames.len(),
        deciding: answer.deciding_face.map(|_| (moment.index, moment.at)),
    };
    answer.explanation = answer.explanation.of_frame(&facts);
    answer.more_faces = more_faces;
    answer.smallest_face = smallest_face.unwrap_or(answer.smallest_face);
    answer.animation = Some(AnimationReport { deciding_frame: moment.index, frames, all_read });
    Some(answer)
}

fn report(moment: Moment, answer: &Verification) -> FrameReport {
    let milliseconds = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    FrameReport {
        index: moment.index,
        at_ms: milliseconds(moment.at),
        shown_ms: milliseconds(moment.shown),
        faces: answer.faces.len(),
        verdict: answer.verdict,
        score: answer.score,
    }
}
