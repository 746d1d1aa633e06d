//! The linear probes on what the image encoder answers: `models/probes.toml`, written by `training/encoder`.

use serde::Deserialize;

use crate::toml_file;

/// A linear probe on a vector of unit length. Genuine photographs have mean 0 and standard deviation 1; above 0 speaks
/// for a forgery.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Probe {
    offset: f32,
    weights: Vec<f32>,
}

/// One probe per question.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probes {
    /// Whether the face was put into another's picture.
    blending: Probe,
    /// Whether a network drew the face.
    synthesis: Probe,
}

impl Probes {
    /// Parses the probes.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let probes: Self = toml_file::parse(text)?;
        let same = probes.blending.weights.len() == probes.synthesis.weights.len() && !probes.is_empty();
        let each = [&probes.blending, &probes.synthesis];
        let finite = each.iter().flat_map(|p| p.weights.iter().chain([&p.offset])).all(|v| v.is_finite());
        if same && finite { Ok(probes) } else { Err("expected two probes with as many finite weights each".into()) }
    }

    /// The values of the vector that the probes read.
    pub fn len(&self) -> usize {
        self.blending.weights.len()
    }

    /// Whether they read nothing, which [`Probes::parse`] refuses.
    pub fn is_empty(&self) -> bool {
        self.blending.weights.is_empty()
    }

    /// The values of both probes, blending first, for the encoder's answer, which is brought to unit length.
    pub fn read(&self, answer: &[f32]) -> [f32; 2] {
        let length = answer.iter().map(|v| v * v).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        [&self.blending, &self.synthesis].map(|probe| {
            let product: f32 = probe.weights.iter().zip(answer).map(|(w, v)| w * v).sum();
            product / length + probe.offset
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_probe_reads_the_direction_alone() {
        let text = "[blending]\noffset = 0.5\nweights = [1.0, 0.0]\n[synthesis]\noffset = -1.0\nweights = [2.0, 5.0]\n";
        let probes = Probes::parse(text).unwrap();
        for scale in [0.1, 1.0, 30.0] {
            let [blending, synthesis] = probes.read(&[3.0 * scale, -4.0 * scale]);
            assert!((blending - 1.1).abs() < 1e-5 && (synthesis + 3.8).abs() < 1e-5, "{blending} {synthesis}");
        }
        assert!(probes.read(&[0.0, 0.0]).iter().all(|v| v.is_finite()));
    }

    #[test]
    fn probes_of_another_form_are_refused() {
        let two = |first: &str, second: &str| {
            Probes::parse(&format!(
                "[blending]\noffset = 0.0\nweights = {first}\n[synthesis]\noffset = 0.0\nweights = {second}\n"
            ))
        };
        assert!(two("[1.0]", "[1.0]").is_ok());
        for (first, second) in [("[1.0]", "[1.0, 2.0]"), ("[]", "[]"), ("[nan]", "[1.0]")] {
            assert!(two(first, second).unwrap_err().contains("two probes"), "{first} {second}");
        }
        assert!(Probes::parse("[blending]\noffset = 0.0\nweights = [1.0]\n").unwrap_err().contains("synthesis"));
    }
}
