//! The apparent expression, kept beside a face's measures; the verdict does not use it.

use serde::{Deserialize, Serialize};

use crate::face::{Face, square_map};
use crate::imaging::{Patch, Pyramid};
use crate::inference::{InferenceError, Tensor, output};
use crate::models::Zoo;

/// The shares of seven expressions; they sum to 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Expression {
    /// The shares, 0..=1, in the order of [`Expression::NAMES`].
    pub shares: [f32; 7],
}

const SIDE: u32 = 64;
/// The side of the crop over that of the face's square.
const MARGIN: f32 = 1.1;

impl Expression {
    /// The network's classes, in the order of its output.
    pub const NAMES: [&'static str; 7] = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"];

    /// Reads the expression of one face.
    ///
    /// # Errors
    /// When the network fails.
    pub fn read(zoo: &Zoo, image: &Pyramid, face: &Face) -> Result<Self, InferenceError> {
        let patch = Patch::sample(image, &square_map(&face.mesh, MARGIN, SIDE), SIDE, SIDE);
        // Luma in -1..=1: the network was trained on grey pictures.
        let luma = patch.luma().into_iter().map(|v| v / 127.5 - 1.0).collect();
        let outputs = zoo.emotion.run(Tensor::new(&[1, 1, SIDE as usize, SIDE as usize], luma)?)?;
        let values = &output(&outputs, 0, Self::NAMES.len())?.data;
        let mut shares = [0.0; 7];
        shares.copy_from_slice(&values[..7]);
        Ok(Self { shares })
    }

    /// The strongest expression and its share.
    pub fn strongest(&self) -> (&'static str, f32) {
        Self::NAMES.into_iter().zip(self.shares).max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or(("neutral", 0.0))
    }
}
