//! sRGB to CIELAB.

use std::sync::LazyLock;

/// A colour in CIELAB under D65 (CIE 15:2004).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Lab {
    /// Lightness, 0..=100.
    pub(super) l: f32,
    /// Green to red.
    pub(super) a: f32,
    /// Blue to yellow.
    pub(super) b: f32,
}

impl Lab {
    /// The colour of linear light, each channel 0..=1, sRGB primaries (IEC 61966-2-1).
    pub(super) fn of_linear([r, g, b]: [f32; 3]) -> Self {
        // sRGB primaries to XYZ, relative to the white of D65.
        let x = (0.412_456 * r + 0.357_576 * g + 0.180_437 * b) / 0.950_47;
        let y = 0.212_673 * r + 0.715_152 * g + 0.072_175 * b;
        let z = (0.019_334 * r + 0.119_192 * g + 0.950_304 * b) / 1.088_83;
        let f = |t: f32| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
        Self { l: 116.0 * f(y) - 16.0, a: 500.0 * (f(x) - f(y)), b: 200.0 * (f(y) - f(z)) }
    }

    /// The distance in CIELAB: Delta E*ab of 1976.
    pub(super) fn difference(self, other: Self) -> f32 {
        (self.l - other.l).hypot(self.chromatic_difference(other))
    }

    /// The distance in a* and b* only, which shading changes less.
    pub(super) fn chromatic_difference(self, other: Self) -> f32 {
        (self.a - other.a).hypot(self.b - other.b)
    }

    /// The mean of some colours; `None` where there are none.
    pub(super) fn mean(colours: &[Self]) -> Option<Self> {
        let n = colours.len() as f32;
        let sum = |of: fn(&Self) -> f32| colours.iter().map(of).sum::<f32>() / n;
        (!colours.is_empty()).then(|| Self { l: sum(|c| c.l), a: sum(|c| c.a), b: sum(|c| c.b) })
    }
}

/// Linear light of each eight-bit sRGB value.
static LINEAR: LazyLock<[f32; 256]> = LazyLock::new(|| {
    std::array::from_fn(|i| {
        let v = i as f32 / 255.0;
        if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
    })
});

/// The linear light, 0..=1, of one sRGB value, 0..=255.
pub(super) fn linear(value: f32) -> f32 {
    LINEAR[value.round().clamp(0.0, 255.0) as usize]
}

/// Rec. 601 luma, 0..=255.
pub(super) fn luma([r, g, b]: [f32; 3]) -> f32 {
    0.299 * r + 0.587 * g + 0.114 * b
}

/// The share of pixels left out at each end of luma: highlights, hair, lashes.
const TRIM: f32 = 0.2;
/// The fewest pixels from which a colour is read.
const MIN_PIXELS: usize = 8;

/// The mean colour of sRGB pixels without the darkest and the lightest; `None` where there are too few.
pub(super) fn trimmed(mut pixels: Vec<[f32; 3]>) -> Option<Lab> {
    if pixels.len() < MIN_PIXELS {
        return None;
    }
    pixels.sort_unstable_by(|a, b| luma(*a).total_cmp(&luma(*b)));
    let cut = (pixels.len() as f32 * TRIM) as usize;
    let kept = &pixels[cut..pixels.len() - cut];
    let mean = [0, 1, 2].map(|c| kept.iter().map(|p| linear(p[c])).sum::<f32>() / kept.len() as f32);
    Some(Lab::of_linear(mean))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_colours() {
        let lab = |rgb: [f32; 3]| Lab::of_linear(rgb.map(linear));
        let near = |x: Lab, y: [f32; 3]| {
            assert!((x.l - y[0]).abs() < 0.1 && (x.a - y[1]).abs() < 0.1 && (x.b - y[2]).abs() < 0.1, "{x:?}");
        };
        near(lab([255.0, 255.0, 255.0]), [100.0, 0.0, 0.0]);
        near(lab([255.0, 0.0, 0.0]), [53.24, 80.09, 67.2]);
        near(lab([119.0, 119.0, 119.0]), [50.03, 0.0, 0.0]);
        near(lab([0.0, 0.0, 0.0]), [0.0, 0.0, 0.0]);
    }

    #[test]
    fn highlights_and_hair_are_left_out() {
        let mut pixels = vec![[200.0, 150.0, 120.0]; 60];
        let plain = trimmed(pixels.clone()).unwrap();
        pixels.extend([[255.0; 3]; 8]);
        pixels.extend([[5.0; 3]; 8]);
        assert!(trimmed(pixels).unwrap().difference(plain) < 0.1);
        assert!(trimmed(vec![[10.0; 3]; 3]).is_none());
    }
}
