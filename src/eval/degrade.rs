//! What uploads go through before they are verified: compression, scaling, blur, noise.
//!
//! Applied to the upright pixels, then encoded as JPEG, so that the result goes through the service's own decoder.

use std::fmt;
use std::str::FromStr;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{ExtendedColorType, ImageEncoder, RgbImage};

use crate::imaging::{DecodeError, DecodeLimits, decode};

/// One degradation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Degradation {
    /// The bytes as they are.
    None,
    /// Encoded as JPEG of that quality, 1..=100.
    Jpeg(u8),
    /// Scaled by that factor, above 0 and at most 1, and back to the first size, both linearly.
    Resize(f32),
    /// Blurred by a Gaussian of that standard deviation in pixels, above 0 and at most 50.
    Blur(f32),
    /// Gaussian noise of that standard deviation in grey levels, above 0 and at most 100, added to each channel.
    Noise(f32),
}

/// Not the name of a degradation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no degradation: write none, jpeg50 (quality), resize0.5 (factor), blur1 (pixels) or noise5 (grey levels)"
)]
pub struct InvalidDegradation(String);

/// The quality at which all but [`Degradation::Jpeg`] are encoded.
const FINE: u8 = 95;

impl FromStr for Degradation {
    type Err = InvalidDegradation;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidDegradation(text.to_owned());
        let split = text.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(text.len());
        let (name, amount) = text.split_at(split);
        let number =
            |least: f32, most: f32| amount.parse::<f32>().ok().filter(|v| *v > least && *v <= most).ok_or_else(invalid);
        match name {
            "none" if amount.is_empty() => Ok(Self::None),
            "jpeg" => amount.parse().ok().filter(|q| (1..=100).contains(q)).map(Self::Jpeg).ok_or_else(invalid),
            "resize" => number(0.0, 1.0).map(Self::Resize),
            "blur" => number(0.0, 50.0).map(Self::Blur),
            "noise" => number(0.0, 100.0).map(Self::Noise),
            _ => Err(invalid()),
        }
    }
}

impl fmt::Display for Degradation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Jpeg(q) => write!(f, "jpeg{q}"),
            Self::Resize(s) => write!(f, "resize{s}"),
            Self::Blur(r) => write!(f, "blur{r}"),
            Self::Noise(s) => write!(f, "noise{s}"),
        }
    }
}

impl Degradation {
    /// The degraded image, encoded. The same bytes give the same result.
    ///
    /// # Errors
    /// When `bytes` are not an image that the service would decode.
    pub fn apply(self, bytes: Vec<u8>, limits: &DecodeLimits) -> Result<Vec<u8>, DecodeError> {
        if self == Self::None {
            return Ok(bytes);
        }
        let image = decode(&bytes, limits)?.image.into_image();
        let (image, quality) = match self {
            Self::Jpeg(quality) => (image, quality),
            Self::Resize(factor) => (resized(&image, factor), FINE),
            Self::Blur(sigma) => (imageops::blur(&image, sigma), FINE),
            Self::Noise(sigma) => (noisy(image, sigma), FINE),
            Self::None => (image, FINE),
        };
        let mut out = Vec::new();
        let written = JpegEncoder::new_with_quality(&mut out, quality).write_image(
            image.as_raw(),
            image.width(),
            image.height(),
            ExtendedColorType::Rgb8,
        );
        written.map_err(|e| DecodeError::Corrupt { format: "jpeg", detail: e.to_string() })?;
        Ok(out)
    }
}

fn resized(image: &RgbImage, factor: f32) -> RgbImage {
    let (w, h) = image.dimensions();
    let side = |v: u32| ((v as f32 * factor) as u32).max(1);
    let small = imageops::resize(image, side(w), side(h), FilterType::Triangle);
    imageops::resize(&small, w, h, FilterType::Triangle)
}

fn noisy(mut image: RgbImage, sigma: f32) -> RgbImage {
    let mut state = u64::from(image.width()) << 32 | u64::from(image.height());
    for value in image.iter_mut() {
        *value = (f32::from(*value) + sigma * gaussian(&mut state)).round().clamp(0.0, 255.0) as u8;
    }
    image
}

/// About normal with mean 0 and deviation 1: the sum of twelve uniform values less 6, from splitmix64 bits.
fn gaussian(state: &mut u64) -> f32 {
    let mut sum = 0.0;
    for _ in 0..3 {
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        sum += (0..4).map(|i| ((z >> (16 * i)) & 0xffff) as f32 / 65536.0).sum::<f32>();
    }
    sum - 6.0
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "figures that are exact are compared exactly")]
mod tests {
    use super::*;

    fn picture() -> Vec<u8> {
        let image = RgbImage::from_fn(64, 48, |x, y| image::Rgb([(x * 4) as u8, (y * 5) as u8, ((x ^ y) * 4) as u8]));
        let mut out = Vec::new();
        JpegEncoder::new_with_quality(&mut out, 98).encode_image(&image).unwrap();
        out
    }

    #[test]
    fn names_are_read_and_written_back() {
        for name in ["none", "jpeg50", "resize0.5", "blur1", "noise5", "blur0.75"] {
            assert_eq!(name.parse::<Degradation>().unwrap().to_string(), name);
        }
        for name in
            ["", "none1", "jpeg", "jpeg0", "jpeg101", "resize2", "resize0", "blur-1", "noise", "sepia3", "blurNaN"]
        {
            assert!(name.parse::<Degradation>().is_err(), "{name}");
        }
    }

    #[test]
    fn each_changes_the_picture_and_keeps_its_size() {
        let limits = DecodeLimits::default();
        let before = decode(&picture(), &limits).unwrap().image;
        let far = |how: &str| {
            let bytes = how.parse::<Degradation>().unwrap().apply(picture(), &limits).unwrap();
            let after = decode(&bytes, &limits).unwrap().image;
            assert_eq!(after.dimensions(), before.dimensions(), "{how}");
            let squares = after.iter().zip(before.iter()).map(|(a, b)| (f32::from(*a) - f32::from(*b)).powi(2));
            (squares.sum::<f32>() / before.len() as f32).sqrt()
        };
        assert_eq!(far("none"), 0.0);
        assert!(far("jpeg20") > far("jpeg90"));
        assert!(far("resize0.25") > far("resize0.9") && far("blur3") > far("blur0.5"));
        let noise = far("noise12");
        assert!((8.0..16.0).contains(&noise), "{noise}");
        assert!("jpeg50".parse::<Degradation>().unwrap().apply(b"no image".to_vec(), &limits).is_err());
    }

    #[test]
    fn noise_is_normal_enough() {
        let mut state = 1;
        let values: Vec<f32> = (0..20_000).map(|_| gaussian(&mut state)).collect();
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        let deviation = (values.iter().map(|v| v * v).sum::<f32>() / values.len() as f32).sqrt();
        assert!(mean.abs() < 0.03 && (deviation - 1.0).abs() < 0.03, "{mean} {deviation}");
    }
}
