//! Colours to sRGB: ICC profiles, and what a PNG says of its primaries and its transfer function.
//!
//! A picture that says nothing, or sRGB, is left as it is. A profile that cannot be used is ignored, and the answer
//! says so.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use image::DynamicImage;
use moxcms::{
    CicpColorPrimaries, ColorProfile, DataColorSpace, Layout, MatrixCoefficients, ProfileText, ToneReprCurve,
    TransferCharacteristics, Transform8BitExecutor, TransformOptions,
};

use super::linear::{Linear, with_alpha};

/// The largest ICC profile that is read, in bytes; those of printing processes take about two million.
pub(super) const MAX_PROFILE: usize = 4 << 20;

/// What a picture said of its colours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColourProfile {
    /// `icc`, `cicp` or `gamma`.
    pub source: &'static str,
    /// The profile's own description.
    pub name: Option<String>,
    /// Why it was not applied; `None` where it was.
    pub ignored: Option<&'static str>,
}

/// The way of a picture's colours to sRGB.
#[derive(Clone, Default)]
pub(super) struct Colours {
    /// `None` for a picture that states none, or sRGB.
    pub(super) profile: Option<ColourProfile>,
    conversion: Conversion,
}

#[derive(Clone, Default)]
enum Conversion {
    #[default]
    None,
    Rgb(Arc<Transform8BitExecutor>),
    Grey(Arc<Transform8BitExecutor>),
    Inks(Arc<Transform8BitExecutor>),
    Linear(Arc<Linear>),
}

impl Colours {
    /// From the bytes of an ICC profile.
    pub(super) fn of_icc(bytes: &[u8]) -> Self {
        let ignored = |name, why| Self::ignored("icc", name, why);
        if bytes.len() > MAX_PROFILE {
            return ignored(None, "it is too large");
        }
        // The profile is data from outside: a fault of its reader must not cost the picture.
        let read = || -> Result<Self, (Option<String>, &'static str)> {
            let profile = ColorProfile::new_from_slice(bytes).map_err(|_| (None, "it cannot be read"))?;
            let (name, srgb) = (description(&profile), ColorProfile::new_srgb());
            if is_srgb(&profile, &srgb) {
                return Ok(Self::default());
            }
            if let Some(cicp) = profile.cicp.filter(|cicp| is_hdr(cicp.transfer_characteristics)) {
                let linear = Linear::of_cicp(cicp.color_primaries, cicp.transfer_characteristics);
                let linear = linear.ok_or_else(|| (name.clone(), "its primaries are unknown"))?;
                return Ok(Self::applied("icc", name, Conversion::Linear(Arc::new(linear))));
            }
            let transform = |from| {
                let made = profile.create_transform_8bit(from, &srgb, Layout::Rgb, TransformOptions::default());
                made.map_err(|_| (name.clone(), "it has no way to sRGB"))
            };
            let conversion = match profile.color_space {
                DataColorSpace::Rgb => Conversion::Rgb(transform(Layout::Rgb)?),
                DataColorSpace::Gray => Conversion::Grey(transform(Layout::Gray)?),
                DataColorSpace::Cmyk => Conversion::Inks(transform(Layout::Rgba)?),
                _ => return Err((name, "it is for neither grey, RGB nor CMYK")),
            };
            Ok(Self::applied("icc", name, conversion))
        };
        match catch_unwind(read) {
            Ok(Ok(colours)) => colours,
            Ok(Err((name, why))) => ignored(name, why),
            Err(_) => ignored(None, "it cannot be read"),
        }
    }

    /// From the code points of ITU-T H.273 in a PNG.
    pub(super) fn of_cicp(primaries: u8, transfer: u8, is_rgb_of_full_range: bool) -> Self {
        let known =
            || Some((CicpColorPrimaries::try_from(primaries).ok()?, TransferCharacteristics::try_from(transfer).ok()?));
        let Some((primaries, transfer)) = known().filter(|_| is_rgb_of_full_range) else {
            return Self::ignored("cicp", None, "its code points are not supported");
        };
        if primaries == CicpColorPrimaries::Bt709 && !is_hdr(transfer) && transfer != TransferCharacteristics::Linear {
            return Self::default();
        }
        match Linear::of_cicp(primaries, transfer) {
            Some(linear) => Self::applied("cicp", None, Conversion::Linear(Arc::new(linear))),
            None => Self::ignored("cicp", None, "its code points are not supported"),
        }
    }

    /// From the gamma and the primaries (white, red, green and blue, each x and y) of a PNG.
    pub(super) fn of_gamma(gamma: f32, primaries: Option<[[f32; 2]; 4]>) -> Self {
        let is_near = |a: &[f32; 2], b: &[f32; 2]| (a[0] - b[0]).abs() < 0.003 && (a[1] - b[1]).abs() < 0.003;
        let same = primaries.is_none_or(|all| all.iter().zip(&Linear::SRGB).all(|(a, b)| is_near(a, b)));
        if same && (gamma - 0.454_55).abs() < 0.01 {
            return Self::default();
        }
        match Linear::of_gamma(gamma, primaries) {
            Some(linear) => Self::applied("gamma", None, Conversion::Linear(Arc::new(linear))),
            None => Self::ignored("gamma", None, "its values are impossible"),
        }
    }

    fn applied(source: &'static str, name: Option<String>, conversion: Conversion) -> Self {
        Self { profile: Some(ColourProfile { source, name, ignored: None }), conversion }
    }

    /// A statement that cannot be used.
    pub(super) fn ignored(source: &'static str, name: Option<String>, why: &'static str) -> Self {
        let profile = ColourProfile { source, name, ignored: Some(why) };
        Self { profile: Some(profile), conversion: Conversion::None }
    }

    /// The picture in sRGB, eight bits per channel. Where the profile is for other channels than the picture has, the
    /// second value is `false`.
    pub(super) fn apply(&self, image: DynamicImage) -> (DynamicImage, bool) {
        let is_grey = !image.color().has_color();
        let converted = match &self.conversion {
            Conversion::None => return (image, true),
            Conversion::Linear(linear) => Some(linear.apply(&image)),
            Conversion::Rgb(transform) => rgb(&image, transform.as_ref()),
            Conversion::Grey(transform) if is_grey => grey(&image, transform.as_ref()),
            Conversion::Grey(_) | Conversion::Inks(_) => None,
        };
        match converted {
            Some(converted) => (converted, true),
            None => (image, false),
        }
    }

    /// Amounts of four inks as RGB, and whether the profile's inks were used.
    pub(super) fn of_inks(&self, inks: &[u8]) -> (Vec<u8>, bool) {
        if let Conversion::Inks(transform) = &self.conversion
            && let Some(pixels) = run(transform.as_ref(), inks, 4)
        {
            return (pixels, true);
        }
        let light = |ink: u8, black: u8| {
            let product = u32::from(255 - ink) * u32::from(255 - black) + 128;
            ((product + (product >> 8)) >> 8) as u8
        };
        let rgb = |&[c, m, y, k]: &[u8; 4]| [c, m, y].map(|ink| light(ink, k));
        (inks.as_chunks().0.iter().flat_map(rgb).collect(), matches!(self.conversion, Conversion::None))
    }
}

/// Whether a profile's colours are those of sRGB.
fn is_srgb(profile: &ColorProfile, srgb: &ColorProfile) -> bool {
    let luts = [&profile.lut_a_to_b_perceptual, &profile.lut_a_to_b_colorimetric, &profile.lut_a_to_b_saturation];
    if profile.color_space != DataColorSpace::Rgb || luts.iter().any(|lut| lut.is_some()) {
        return false;
    }
    let colorants = |p: &ColorProfile| [p.red_colorant, p.green_colorant, p.blue_colorant].map(|c| [c.x, c.y, c.z]);
    let pairs = colorants(profile).into_iter().flatten().zip(colorants(srgb).into_iter().flatten());
    let has_primaries = pairs.into_iter().all(|(a, b)| (a - b).abs() < 0.002);
    let curves = [&profile.red_trc, &profile.green_trc, &profile.blue_trc];
    has_primaries && curves.iter().all(|curve| curve.as_ref().is_some_and(is_srgb_curve))
}

fn is_srgb_curve(curve: &ToneReprCurve) -> bool {
    let Ok(evaluator) = curve.make_linear_evaluator() else { return false };
    (0..=32).map(|i| i as f32 / 32.0).all(|v| {
        let wanted = TransferCharacteristics::Srgb.linearize(v.into()) as f32;
        (evaluator.evaluate_value(v) - wanted).abs() < 0.003
    })
}

fn is_hdr(transfer: TransferCharacteristics) -> bool {
    matches!(transfer, TransferCharacteristics::Smpte2084 | TransferCharacteristics::Hlg)
}

/// The profile's description, shortened.
fn description(profile: &ColorProfile) -> Option<String> {
    let text = match profile.description.as_ref()? {
        ProfileText::PlainString(text) => text,
        ProfileText::Localizable(texts) => &texts.first()?.value,
        ProfileText::Description(text) => &text.ascii_string,
    };
    let text: String = text.chars().filter(|c| !c.is_control()).take(80).collect();
    (!text.trim().is_empty()).then_some(text)
}

fn run(transform: &Transform8BitExecutor, from: &[u8], channels: usize) -> Option<Vec<u8>> {
    let mut to = vec![0; from.len() / channels * 3];
    let run = || transform.transform(from, &mut to).is_ok();
    catch_unwind(AssertUnwindSafe(run)).is_ok_and(|is_done| is_done).then_some(to)
}

fn rgb(image: &DynamicImage, transform: &Transform8BitExecutor) -> Option<DynamicImage> {
    let pixels = run(transform, image.to_rgb8().as_raw(), 3)?;
    with_alpha(image, pixels)
}

fn grey(image: &DynamicImage, transform: &Transform8BitExecutor) -> Option<DynamicImage> {
    let pixels = run(transform, image.to_luma8().as_raw(), 1)?;
    with_alpha(image, pixels)
}

/// Whether the code points are those of RGB with the full range of values.
pub(super) fn is_rgb_of_full_range(matrix: u8, is_full_range: bool) -> bool {
    is_full_range && MatrixCoefficients::try_from(matrix).is_ok_and(|m| m == MatrixCoefficients::Identity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{RgbImage, Rgba};
    use proptest::prelude::*;

    fn of(profile: &ColorProfile) -> Colours {
        Colours::of_icc(&profile.encode().unwrap())
    }

    fn pixel(colours: &Colours, stored: [u8; 3]) -> [u8; 3] {
        let (image, fits) = colours.apply(RgbImage::from_pixel(3, 2, image::Rgb(stored)).into());
        assert!(fits);
        image.to_rgb8().get_pixel(1, 1).0
    }

    fn is_near(a: [u8; 3], b: [u8; 3]) -> bool {
        a.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= 2)
    }

    #[test]
    fn srgb_is_left_as_it_is_and_other_profiles_are_applied() {
        assert_eq!(of(&ColorProfile::new_srgb()).profile, None);
        let wide = of(&ColorProfile::new_display_p3());
        let profile = wide.profile.clone().unwrap();
        assert!(profile.source == "icc" && profile.ignored.is_none(), "{profile:?}");
        // Display P3's (0.6, 0.5, 0.45) is (0.622, 0.496, 0.439) in sRGB; greys are the same.
        assert!(is_near(pixel(&wide, [153, 128, 115]), [159, 126, 112]), "{:?}", pixel(&wide, [153, 128, 115]));
        assert!(is_near(pixel(&wide, [90; 3]), [90; 3]));
        let grey = of(&ColorProfile::new_gray_with_gamma(1.0));
        let image = DynamicImage::from(image::GrayImage::from_pixel(2, 2, image::Luma([128])));
        let (got, fits) = grey.apply(image);
        assert!(fits && is_near(got.to_rgb8().get_pixel(0, 0).0, [188; 3]));
        assert!(!grey.apply(RgbImage::new(2, 2).into()).1, "a profile of other channels");
    }

    /// The profile of a press that prints grey where it is told to print cyan, and cannot print magenta and yellow.
    fn of_a_press() -> Vec<u8> {
        let fixed = |v: f64| ((v * 65536.0) as i32).to_be_bytes();
        let identity: Vec<u8> = (0..=255).collect();
        // One corner for each combination of full inks, black changing fastest, in Lab.
        let corner = |i: u8| [if i & 1 == 1 { 0 } else { 255 >> (i >> 3) }, 128, 128];
        let mut lut = [&b"mft1\0\0\0\0\x04\x03\x02\0"[..]].concat();
        lut.extend((0..9).flat_map(|i| fixed(f64::from(u8::from(i % 4 == 0)))));
        lut.extend([identity.repeat(4), (0..16).flat_map(corner).collect(), identity.repeat(3)].concat());
        let mut profile = vec![0; 144];
        let mut put = |at: usize, bytes: &[u8]| profile[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &(144 + lut.len() as u32).to_be_bytes());
        put(8, b"\x02\x40\0\0prtrCMYKLab ");
        put(36, b"acsp");
        put(68, &[0.9642, 1.0, 0.8249].map(fixed).concat());
        put(128, &[1, u32::from_be_bytes(*b"A2B0"), 144, lut.len() as u32].map(u32::to_be_bytes).concat());
        [profile, lut].concat()
    }

    #[test]
    fn inks_are_those_of_their_profile() {
        let colours = Colours::of_icc(&of_a_press());
        assert_eq!(colours.profile.clone().unwrap().ignored, None);
        let (pixels, fits) = colours.of_inks(&[[0; 4], [255, 0, 0, 0], [0, 255, 255, 0], [0, 0, 0, 255]].concat());
        let wanted = [[255; 3], [118; 3], [255; 3], [0; 3]];
        let near = pixels.as_chunks().0.iter().zip(wanted).all(|(&got, wanted)| is_near(got, wanted));
        assert!(fits && pixels.len() == 12 && near, "{pixels:?}");
        assert!(!colours.apply(RgbImage::new(2, 2).into()).1, "a profile of other channels");
    }

    #[test]
    fn transparency_is_kept() {
        let image = image::RgbaImage::from_pixel(2, 2, Rgba([153, 128, 115, 40]));
        let (got, _) = of(&ColorProfile::new_display_p3()).apply(image.into());
        assert_eq!(got.to_rgba8().get_pixel(0, 0).0[3], 40);
    }

    #[test]
    fn code_points_and_gamma_come_to_srgb() {
        assert_eq!(Colours::of_cicp(1, 13, true).profile, None);
        assert!(Colours::of_cicp(9, 16, false).profile.unwrap().ignored.is_some());
        assert!(Colours::of_cicp(0, 99, true).profile.unwrap().ignored.is_some());
        // Reference white of 203 candela per square metre, in PQ and in HLG.
        assert!(pixel(&Colours::of_cicp(9, 16, true), [148; 3]).iter().all(|&v| v >= 252));
        assert!(pixel(&Colours::of_cicp(9, 18, true), [191; 3]).iter().all(|&v| v >= 252));
        // A fifth of it.
        assert!(
            is_near(pixel(&Colours::of_cicp(9, 16, true), [108; 3]), [124; 3]),
            "{:?}",
            pixel(&Colours::of_cicp(9, 16, true), [108; 3])
        );
        assert_eq!(Colours::of_gamma(0.454_55, None).profile, None);
        assert_eq!(Colours::of_gamma(0.454_55, Some(Linear::SRGB)).profile, None);
        assert!(is_near(pixel(&Colours::of_gamma(1.0, None), [128; 3]), [188; 3]));
        assert!(Colours::of_gamma(0.0, None).profile.unwrap().ignored.is_some());
        assert!(Colours::of_gamma(0.5, Some([[0.0; 2]; 4])).profile.unwrap().ignored.is_some());
    }

    proptest! {
        #[test]
        fn damaged_profiles_are_ignored_or_applied(
            which in 0usize..3, cut in 0usize..4000,
            changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        ) {
            let profile = [ColorProfile::new_display_p3(), ColorProfile::new_pro_photo_rgb(), ColorProfile::new_gray_with_gamma(1.8)];
            let mut bytes = profile[which].encode().unwrap();
            for (at, value) in changes {
                let n = bytes.len();
                bytes[at.index(n)] = value;
            }
            bytes.truncate(cut.max(1));
            let colours = Colours::of_icc(&bytes);
            let (image, _) = colours.apply(RgbImage::from_pixel(3, 2, image::Rgb([9, 90, 200])).into());
            prop_assert_eq!((image.width(), image.height()), (3, 2));
            prop_assert_eq!(colours.of_inks(&[1; 8]).0.len(), 6);
        }
    }
}
