//! Degradations that uploads go through: compression, scaling, cropping, light, mirroring, screenshots.
//!
//! Each works on the upright pixels and encodes the result as JPEG, so that it passes the service's own decoder.

use std::fmt;
use std::str::FromStr;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{ExtendedColorType, ImageEncoder, RgbImage};
use rand::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;

use crate::imaging::{DecodeError, DecodeLimits, decode_whole};

/// One degradation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Degradation {
    /// The bytes unchanged.
    None,
    /// Encoded as JPEG of this quality, 1..=100.
    Jpeg(u8),
    /// Scaled by this factor, above 0 and at most 1, and back to the original size, both linearly.
    Resize(f32),
    /// Scaled linearly by this factor, above 0 and at most 4.
    Scale(f32),
    /// This share of width and height, 0 to 0.9, cut away, half of it on either side.
    Crop(f32),
    /// Grey levels multiplied by this factor, above 0 and at most 4.
    Brightness(f32),
    /// Left and right swapped.
    Mirror,
    /// Set into a dark frame like that of a screenshot: bars of this share of the height, above 0 and at most 1, at top
    /// and bottom, and a third as wide at the sides.
    Border(f32),
    /// Blurred by a Gaussian with this standard deviation in pixels, above 0 and at most 50.
    Blur(f32),
    /// Gaussian noise with this standard deviation in grey levels, above 0 and at most 100, added to each channel.
    Noise(f32),
}

/// The text names no degradation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown degradation `{0}`: choose none, jpeg50 (quality), resize0.5 (factor, and back), scale2 (factor), crop0.2 \
     (share), brightness0.7 (factor), mirror, border0.1 (share), blur1 (pixels) or noise5 (grey levels)"
)]
pub struct InvalidDegradation(String);

/// The JPEG quality of all degradations but [`Degradation::Jpeg`].
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
            "scale" => number(0.0, 4.0).map(Self::Scale),
            "crop" => number(0.0, 0.9).map(Self::Crop),
            "brightness" => number(0.0, 4.0).map(Self::Brightness),
            "mirror" if amount.is_empty() => Ok(Self::Mirror),
            "border" => number(0.0, 1.0).map(Self::Border),
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
            Self::Scale(s) => write!(f, "scale{s}"),
            Self::Crop(s) => write!(f, "crop{s}"),
            Self::Brightness(s) => write!(f, "brightness{s}"),
            Self::Mirror => f.write_str("mirror"),
            Self::Border(s) => write!(f, "border{s}"),
            Self::Blur(r) => write!(f, "blur{r}"),
            Self::Noise(s) => write!(f, "noise{s}"),
        }
    }
}

impl Degradation {
    /// The degraded image, encoded. Equal bytes give equal results.
    ///
    /// # Errors
    /// When the service would not decode `bytes`.
    pub fn apply(self, bytes: Vec<u8>, limits: &DecodeLimits) -> Result<Vec<u8>, DecodeError> {
        if self == Self::None {
            return Ok(bytes);
        }
        let image = decode_whole(&bytes, limits)?;
        let (image, quality) = match self {
            Self::Jpeg(quality) => (image, quality),
            Self::Resize(factor) => (resized(&image, factor), FINE),
            Self::Scale(factor) => (scaled(&image, factor), FINE),
            Self::Crop(share) => (cropped(&image, share), FINE),
            Self::Brightness(factor) => (brighter(image, factor), FINE),
            Self::Mirror => (imageops::flip_horizontal(&image), FINE),
            Self::Border(share) => (framed(&image, share), FINE),
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

fn scaled(image: &RgbImage, factor: f32) -> RgbImage {
    let side = |v: u32| ((v as f32 * factor) as u32).max(1);
    imageops::resize(image, side(image.width()), side(image.height()), FilterType::Triangle)
}

fn resized(image: &RgbImage, factor: f32) -> RgbImage {
    imageops::resize(&scaled(image, factor), image.width(), image.height(), FilterType::Triangle)
}

fn cropped(image: &RgbImage, share: f32) -> RgbImage {
    let (w, h) = image.dimensions();
    let cut = |side: u32| (side as f32 * share / 2.0) as u32;
    let kept = |side: u32| (side - 2 * cut(side)).max(1);
    imageops::crop_imm(image, cut(w), cut(h), kept(w), kept(h)).to_image()
}

fn brighter(mut image: RgbImage, factor: f32) -> RgbImage {
    for value in image.iter_mut() {
        *value = (f32::from(*value) * factor).round().min(255.0) as u8;
    }
    image
}

fn framed(image: &RgbImage, share: f32) -> RgbImage {
    let (w, h) = image.dimensions();
    let bar = (h as f32 * share) as u32;
    let side = bar / 3;
    let mut screen = RgbImage::from_pixel(w + 2 * side, h + 2 * bar, image::Rgb([24, 24, 28]));
    imageops::replace(&mut screen, image, i64::from(side), i64::from(bar));
    screen
}

fn noisy(mut image: RgbImage, sigma: f32) -> RgbImage {
    let mut random = SplitMix64::seed_from_u64(u64::from(image.width()) << 32 | u64::from(image.height()));
    for value in image.iter_mut() {
        *value = (f32::from(*value) + sigma * gaussian(&mut random)).round().clamp(0.0, 255.0) as u8;
    }
    image
}

/// Approximately normal with mean 0 and standard deviation 1: the sum of twelve uniform values of 16 bits, less 6
/// (Irwin and Hall).
fn gaussian(random: &mut impl Rng) -> f32 {
    let mut sum = 0.0;
    for _ in 0..3 {
        let bits = random.next_u64();
        sum += (0..4).map(|i| ((bits >> (16 * i)) & 0xffff) as f32 / 65536.0).sum::<f32>();
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
        let names =
            ["none", "jpeg50", "resize0.5", "scale2", "crop0.2", "brightness0.7", "mirror", "border0.1", "blur0.75"];
        for name in names.into_iter().chain(["noise5"]) {
            assert_eq!(name.parse::<Degradation>().unwrap().to_string(), name);
        }
        for name in [
            "", "none1", "jpeg", "jpeg0", "jpeg101", "resize2", "crop1", "mirror1", "blur-1", "noise", "sepia3",
            "blurNaN",
        ] {
            assert!(name.parse::<Degradation>().is_err(), "{name}");
        }
    }

    #[test]
    fn each_changes_the_picture_and_keeps_its_size() {
        let limits = DecodeLimits::default();
        let before = decode_whole(&picture(), &limits).unwrap();
        let far = |how: &str| {
            let bytes = how.parse::<Degradation>().unwrap().apply(picture(), &limits).unwrap();
            let after = decode_whole(&bytes, &limits).unwrap();
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
    fn sizes_mirrors_and_light_are_as_documented() {
        let limits = DecodeLimits::default();
        let before = decode_whole(&picture(), &limits).unwrap();
        let after = |how: &str| {
            let bytes = how.parse::<Degradation>().unwrap().apply(picture(), &limits).unwrap();
            decode_whole(&bytes, &limits).unwrap()
        };
        assert_eq!(after("scale2").dimensions(), (128, 96));
        assert_eq!(after("crop0.25").dimensions(), (48, 36));
        assert_eq!(after("border0.25").dimensions(), (72, 72));
        let near = |a: &image::Rgb<u8>, b: &image::Rgb<u8>| a.0.iter().zip(b.0).all(|(a, b)| a.abs_diff(b) < 40);
        assert!(near(after("mirror").get_pixel(60, 20), before.get_pixel(3, 20)));
        assert!(near(after("border0.25").get_pixel(4 + 32, 12 + 20), before.get_pixel(32, 20)));
        let mean = |image: &RgbImage| image.iter().map(|v| u64::from(*v)).sum::<u64>() / image.len() as u64;
        assert!(mean(&after("brightness0.5")) < mean(&before) && mean(&before) < mean(&after("brightness1.5")));
    }

    #[test]
    fn noise_is_normal_enough() {
        let mut random = SplitMix64::seed_from_u64(1);
        let values: Vec<f32> = (0..20_000).map(|_| gaussian(&mut random)).collect();
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        let deviation = (values.iter().map(|v| v * v).sum::<f32>() / values.len() as f32).sqrt();
        assert!(mean.abs() < 0.03 && (deviation - 1.0).abs() < 0.03, "{mean} {deviation}");
    }
}
