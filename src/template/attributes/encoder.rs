//! The image encoder: whether the face as a whole looks generated, or like one that was put into another's picture.
//!
//! A transformer that was pretrained on photographs of everything, with one linear probe per question
//! (`training/encoder`). It knows textures and compositions far beyond those of the forensic network's training, and so
//! tells generators that no probe has seen. Its level depends on camera and compression too, so that a reading is
//! compared with those of the person's references.

use super::spec::Trace;
use crate::face::{Mesh, square_map};
use crate::imaging::{Channels, Patch, Pyramid};
use crate::inference::{InferenceError, Network, Tensor, output};
use crate::models::Probes;

/// The side of the network's input in pixels.
const SIDE: u32 = 160;
/// The side of the crop over that of [`Mesh::square`]: with hair, ears and neck, which a swapped face has to fit.
const MARGIN: f32 = 1.3;

/// What the probes read of one face, per kind of [`Trace::BY_ENCODER`]; `None` where the face cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EncoderTraces([Option<f32>; 2]);

impl EncoderTraces {
    /// From the values for blending and for synthesis.
    pub fn new(blending: Option<f32>, synthesis: Option<f32>) -> Self {
        Self([blending, synthesis])
    }

    /// Runs the network on the face of `mesh`, and the probes on its answer.
    pub(super) fn read(
        net: &dyn Network,
        probes: &Probes,
        image: &Pyramid,
        mesh: &Mesh,
    ) -> Result<Self, InferenceError> {
        let patch = Patch::sample(image, &square_map(mesh, MARGIN, SIDE), SIDE, SIDE);
        let side = SIDE as usize;
        let input = Tensor::new(&[1, 3, side, side], patch.planar(Channels::Rgb, [0.0; 3], 1.0))?;
        let outputs = net.run(input)?;
        let answer = output(&outputs, 0, probes.len())?;
        Ok(Self(probes.read(&answer.data).map(|v| Some(v).filter(|v| v.is_finite()))))
    }

    /// The value of a kind; `None` for one that is not read from the encoder.
    pub fn get(&self, kind: Trace) -> Option<f32> {
        let place = Trace::BY_ENCODER.iter().position(|k| *k == kind)?;
        self.0.get(place).copied().flatten()
    }
}
