//! Colours to sRGB by a transfer function and primaries.

use image::{DynamicImage, RgbImage};
use moxcms::{
    Chromaticity, CicpColorPrimaries, CicpProfile, ColorPrimaries, ColorProfile, MatrixCoefficients,
    TransferCharacteristics,
};

/// Light that reference white has, in candela per square metre (ITU-R BT.2408). Brighter light is clipped.
const REFERENCE_WHITE: f64 = 203.0;
/// The brightest light of PQ (SMPTE ST 2084), and of HLG on its nominal display (ITU-R BT.2100).
const BRIGHTEST_PQ: f64 = 10_000.0;
const BRIGHTEST_HLG: f64 = 1000.0;
/// Values of a table: those of sixteen bits.
const VALUES: usize = 1 << 16;

/// A way to sRGB over linear light.
pub(super) struct Linear {
    /// Linear light by the stored value, one for reference white.
    light: Vec<f32>,
    /// From the picture's primaries to those of sRGB.
    matrix: [[f32; 3]; 3],
    /// sRGB by linear light.
    stored: Vec<u8>,
}

impl Linear {
    /// White, red, green and blue of sRGB, x and y.
    pub(super) const SRGB: [[f32; 2]; 4] = [[0.3127, 0.329], [0.64, 0.33], [0.3, 0.6], [0.15, 0.06]];

    /// By code points of ITU-T H.273; `None` for those that are not supported.
    pub(super) fn of_cicp(primaries: CicpColorPrimaries, transfer: TransferCharacteristics) -> Option<Self> {
        use TransferCharacteristics as T;
        let light = |v: f64| match transfer {
            T::Smpte2084 => Some(transfer.linearize(v) * BRIGHTEST_PQ / REFERENCE_WHITE),
            // Light of the display: the exponent of BT.2100 is applied.
            T::Hlg => Some(transfer.linearize(v) * BRIGHTEST_HLG / REFERENCE_WHITE),
            // Displays show these curves of cameras as they show sRGB.
            T::Bt709 | T::Bt601 | T::Bt202010bit | T::Bt202012bit | T::Iec61966 | T::Bt1361 => {
                Some(T::Srgb.linearize(v))
            }
            T::Reserved | T::Unspecified => None,
            _ => Some(transfer.linearize(v)),
        };
        light(0.5)?;
        Some(Self::new(|v| light(v).unwrap_or(0.0), &profile_of(primaries)?))
    }

    /// By the exponent of encoding, and by white, red, green and blue, x and y.
    pub(super) fn of_gamma(gamma: f32, primaries: Option<[[f32; 2]; 4]>) -> Option<Self> {
        if !(0.1..=2.0).contains(&gamma) {
            return None;
        }
        let mut profile = ColorProfile::new_srgb();
        if let Some(all) = primaries {
            let is_possible = |[x, y]: &[f32; 2]| (0.0..=1.0).contains(x) && (0.001..=1.0).contains(y);
            all.iter().all(is_possible).then_some(())?;
            let [white, red, green, blue] = all.map(|[x, y]| Chromaticity { x, y });
            profile.update_rgb_colorimetry(white.to_xyyb(), ColorPrimaries { red, green, blue });
        }
        let exponent = 1.0 / f64::from(gamma);
        let linear = Self::new(|v| v.powf(exponent), &profile);
        linear.matrix.iter().flatten().all(|v| v.is_finite()).then_some(linear)
    }

    fn new(light: impl Fn(f64) -> f64, profile: &ColorProfile) -> Self {
        let at = |i: usize| i as f64 / (VALUES - 1) as f64;
        let matrix = profile.transform_matrix(&ColorProfile::new_srgb()).v.map(|row| row.map(|v| v as f32));
        let stored = |v: f64| (TransferCharacteristics::Srgb.gamma(v) * 255.0 + 0.5) as u8;
        Self {
            light: (0..VALUES).map(|i| light(at(i)) as f32).collect(),
            matrix,
            stored: (0..VALUES).map(|i| stored(at(i))).collect(),
        }
    }

    /// The picture in sRGB.
    pub(super) fn apply(&self, image: &DynamicImage) -> DynamicImage {
        let mut pixels = Vec::with_capacity(3 * image.width() as usize * image.height() as usize);
        if image.color().bytes_per_pixel() / image.color().channel_count() > 1 {
            pixels.extend(image.to_rgb16().pixels().flat_map(|px| self.pixel(px.0)));
        } else {
            pixels.extend(image.to_rgb8().pixels().flat_map(|px| self.pixel(px.0.map(|v| u16::from(v) * 257))));
        }
        with_alpha(image, pixels).unwrap_or_else(|| image.clone())
    }

    fn pixel(&self, stored: [u16; 3]) -> [u8; 3] {
        let light = stored.map(|v| self.light[usize::from(v)]);
        self.matrix.map(|row| {
            let sum: f32 = row.iter().zip(light).map(|(share, light)| share * light).sum();
            self.stored[(sum.clamp(0.0, 1.0) * (VALUES - 1) as f32 + 0.5) as usize & (VALUES - 1)]
        })
    }
}

/// These RGB pixels with the picture's own transparency.
pub(super) fn with_alpha(image: &DynamicImage, rgb: Vec<u8>) -> Option<DynamicImage> {
    let colours = RgbImage::from_raw(image.width(), image.height(), rgb)?;
    if !image.color().has_alpha() {
        return Some(colours.into());
    }
    let mut rgba = image.to_rgba8();
    for (to, from) in rgba.pixels_mut().zip(colours.pixels()) {
        to.0[..3].copy_from_slice(&from.0);
    }
    Some(rgba.into())
}

/// A profile with these code points.
fn profile_of(primaries: CicpColorPrimaries) -> Option<ColorProfile> {
    let mut profile = ColorProfile::new_srgb();
    if primaries != CicpColorPrimaries::Bt709 {
        let before = profile.red_colorant;
        profile.update_rgb_colorimetry_from_cicp(CicpProfile {
            color_primaries: primaries,
            transfer_characteristics: TransferCharacteristics::Srgb,
            matrix_coefficients: MatrixCoefficients::Identity,
            full_range: true,
        });
        let is_changed = (profile.red_colorant.x - before.x).abs() + (profile.red_colorant.y - before.y).abs() > 1e-6;
        is_changed.then_some(())?;
    }
    Some(profile)
}
