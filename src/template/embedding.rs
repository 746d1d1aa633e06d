//! Embeddings: unit vectors from four networks of different training lineage.

use serde::{Deserialize, Serialize};

use crate::face::{Face, arcface_map, dlib_map, square_map};
use crate::imaging::{Affine, Channels, Patch, Pyramid};
use crate::inference::{InferenceError, Tensor, output};
use crate::models::Zoo;

/// An embedding network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Embedding {
    /// HSE-FaceRes (a MobileNet), 1024 values, from a loose upright square: sees hair and outline too.
    A,
    /// dlib ResNet-29, 128 values, from an eye-aligned chip.
    B,
    /// MobileFaceNet, 192 values, from the tight ArcFace alignment: sees the inner face only.
    C,
    /// `fr_feature`, 512 values, a second MobileFaceNet of another training, from the same alignment as C.
    D,
}

impl Embedding {
    /// Every embedding.
    pub const ALL: [Self; 4] = [Self::A, Self::B, Self::C, Self::D];

    /// The embeddings that a verdict rests on. D only confirms whom a search found, or a claim that C
    /// leaves in doubt: it tells people apart, and genuine
    /// photographs from fakes no better than the others do.
    pub const JUDGED: [Self; 3] = [Self::A, Self::B, Self::C];

    /// The name used in answers and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::A => "embedding_a",
            Self::B => "embedding_b",
            Self::C => "embedding_c",
            Self::D => "embedding_d",
        }
    }

    /// The part of the picture that the network sees, in words.
    pub fn looks_at(self) -> &'static str {
        match self {
            Self::A => "whole head with hair and outline",
            Self::B => "face from brow to chin",
            Self::C | Self::D => "inner face",
        }
    }
}

/// One unit vector per [`Embedding`], in the order of [`Embedding::ALL`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Embeddings(Vec<Vec<f32>>);

impl Embeddings {
    /// From one vector per embedding, in the order of [`Embedding::ALL`]; each is scaled to unit length.
    pub fn new(vectors: [Vec<f32>; Embedding::ALL.len()]) -> Self {
        Self(vectors.into_iter().map(normalised).collect())
    }

    /// As a template of earlier networks has them: one vector for each of the first embeddings.
    #[cfg(test)]
    pub(crate) fn of_earlier(vectors: Vec<Vec<f32>>) -> Self {
        Self(vectors.into_iter().map(normalised).collect())
    }

    /// Without the vectors of the embeddings that are not `wanted`.
    #[must_use]
    pub(crate) fn only(mut self, wanted: impl Fn(Embedding) -> bool) -> Self {
        for (vector, _) in self.0.iter_mut().zip(Embedding::ALL).filter(|(_, e)| !wanted(*e)) {
            vector.clear();
        }
        self
    }

    /// With this vector of `which`, scaled to unit length.
    #[must_use]
    pub(crate) fn with(mut self, which: Embedding, vector: Vec<f32>) -> Self {
        self.0.resize(Embedding::ALL.len().max(self.0.len()), Vec::new());
        self.0[which as usize] = normalised(vector);
        self
    }

    /// The unit vector of `which`, empty if it is absent.
    pub fn get(&self, which: Embedding) -> &[f32] {
        self.0.get(which as usize).map_or(&[], Vec::as_slice)
    }
}

/// The cosine of the angle between two unit vectors, -1..=1; 0 where their lengths differ.
pub fn cosine(a: &[f32], b: &[f32]) -> f32 {
    if a.len() != b.len() {
        return 0.0;
    }
    // Sixteen sums are independent; additions to a single one would wait for each other.
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<16>(), b.as_chunks::<16>());
    let mut sums = [0.0f32; 16];
    for (a, b) in a.iter().zip(b) {
        for i in 0..16 {
            sums[i] += a[i] * b[i];
        }
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum::<f32>()
}

/// The direction of the mean of vectors of one length, as a unit vector; empty where there are none.
pub fn mean_direction<'a>(vectors: impl IntoIterator<Item = &'a [f32]>) -> Vec<f32> {
    let mut sum: Vec<f32> = Vec::new();
    for v in vectors {
        sum.resize(v.len().max(sum.len()), 0.0);
        for (s, x) in sum.iter_mut().zip(v) {
            *s += x;
        }
    }
    normalised(sum)
}

/// `v` scaled to unit length; a zero vector is unchanged.
pub(crate) fn normalised(mut v: Vec<f32>) -> Vec<f32> {
    let norm = v.iter().map(|x| x * x).sum::<f32>().sqrt();
    if norm > f32::MIN_POSITIVE {
        for x in &mut v {
            *x /= norm;
        }
    }
    v
}

/// The outputs of embedding A's network: the embedding, the age in years, and how male the face looks, 0..=1.
pub(crate) struct FaceRes {
    pub(crate) embedding: Vec<f32>,
    pub(crate) age: f32,
    pub(crate) male: f32,
}

/// The side of embedding A's crop over that of the face's square.
const A_MARGIN: f32 = 1.2;
const A_SIDE: u32 = 224;
/// The mean colour of its training set (that of ImageNet in Caffe), blue first.
const A_MEAN: [f32; 3] = [103.939, 116.779, 123.68];

/// Runs embedding A with age and sex.
pub(crate) fn face_res(zoo: &Zoo, image: &Pyramid, face: &Face) -> Result<FaceRes, InferenceError> {
    let patch = Patch::sample(image, &square_map(&face.mesh, A_MARGIN, A_SIDE), A_SIDE, A_SIDE);
    let side = A_SIDE as usize;
    let input = Tensor::new(&[1, 3, side, side], patch.planar(Channels::Bgr, A_MEAN, 1.0))?;
    let outputs = zoo.embedding_a.run(input)?;
    let embedding = output(&outputs, 0, 1024)?.data.clone();
    let ages = &output(&outputs, 1, 100)?.data;
    let male = output(&outputs, 2, 1)?.data[0];
    // class i stands for i + 1 years
    let age =
        ages.iter().enumerate().map(|(i, p)| (i + 1) as f32 * p).sum::<f32>() / ages.iter().sum::<f32>().max(1e-6);
    Ok(FaceRes { embedding, age, male })
}

const B_SIDE: u32 = 150;
/// dlib's input: (RGB - mean) / 256.
const B_MEAN: [f32; 3] = [122.782, 117.001, 104.298];

/// Embedding B's chip, and the map from the chip to the picture.
pub(super) fn chip_b(image: &Pyramid, face: &Face) -> (Patch, Affine) {
    let map = dlib_map(&face.mesh, B_SIDE);
    (Patch::sample(image, &map, B_SIDE, B_SIDE), map)
}

/// Runs embedding B on a chip.
pub(super) fn embed_b(zoo: &Zoo, chip: &Patch) -> Result<Vec<f32>, InferenceError> {
    let side = B_SIDE as usize;
    let input = Tensor::new(&[1, 3, side, side], chip.planar(Channels::Rgb, B_MEAN, 1.0 / 256.0))?;
    Ok(output(&zoo.embedding_b.run(input)?, 0, 128)?.data.clone())
}

const ARCFACE_SIDE: u32 = 112;
/// The input of C is (RGB - this) / 128.
const C_MIDDLE: f32 = 127.5;
/// The input of D is (RGB - this) / 128.
const D_MIDDLE: f32 = 127.0;

/// Runs embedding C.
pub(crate) fn embedding_c(zoo: &Zoo, image: &Pyramid, face: &Face) -> Result<Vec<f32>, InferenceError> {
    let outputs = zoo.embedding_c.run(arcface_input(image, face, C_MIDDLE)?)?;
    Ok(output(&outputs, 0, 192)?.data.clone())
}

/// Runs embedding D.
pub(crate) fn embedding_d(zoo: &Zoo, image: &Pyramid, face: &Face) -> Result<Vec<f32>, InferenceError> {
    let outputs = zoo.embedding_d.run(arcface_input(image, face, D_MIDDLE)?)?;
    Ok(output(&outputs, 0, 512)?.data.clone())
}

fn arcface_input(image: &Pyramid, face: &Face, middle: f32) -> Result<Tensor, InferenceError> {
    let patch = Patch::sample(image, &arcface_map(&face.mesh, ARCFACE_SIDE), ARCFACE_SIDE, ARCFACE_SIDE);
    let side = ARCFACE_SIDE as usize;
    Tensor::new(&[1, 3, side, side], patch.planar(Channels::Rgb, [middle; 3], 1.0 / 128.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_come_to_unit_length() {
        let e = Embeddings::new([vec![3.0, 4.0], vec![0.0, 2.0], vec![1.0], vec![]]);
        assert!((cosine(e.get(Embedding::A), e.get(Embedding::A)) - 1.0).abs() < 1e-6);
        assert!((e.get(Embedding::A)[0] - 0.6).abs() < 1e-6);
        assert!(cosine(e.get(Embedding::A), e.get(Embedding::C)).abs() < 1e-9);
    }
}
