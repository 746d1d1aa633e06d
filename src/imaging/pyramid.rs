//! A picture with smaller copies of itself, made when they are first asked for.
//!
//! A network sees a few hundred pixels a side. Sampled from a photograph of twelve megapixels, each of them would be the
//! mean of dozens of pixels, and each crop would pay for them again. So the photograph is halved, as often as leaves
//! enough to sample from, once for all crops; a small face in it is still read from the whole.

use std::ops::Deref;
use std::sync::OnceLock;

use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer, images::Image as Resized};
use image::RgbImage;

/// An upright picture in memory, and its halves.
#[derive(Debug)]
pub struct Pyramid {
    whole: RgbImage,
    /// Each half as wide and half as high as the one before; an odd last row or column is left out.
    halves: [OnceLock<Option<RgbImage>>; HALVINGS],
}

/// Four times is enough for the largest side that is decoded.
const HALVINGS: usize = 4;
/// A copy must have this many pixels for each one that is made of it, along either axis: what is left to average over
/// is then done by the sampler, in its own orientation.
const LEAST: f32 = 2.0;

impl Pyramid {
    /// What to sample from when one pixel that is made covers `scale` pixels of this picture: the picture itself or a
    /// copy, and how many times smaller it is.
    pub fn shrunk(&self, scale: f32) -> (&RgbImage, f32) {
        let mut best = (&self.whole, 1.0);
        for half in &self.halves {
            if scale < best.1 * 2.0 * LEAST {
                break;
            }
            let Some(half) = half.get_or_init(|| halved(best.0)) else { break };
            best = (half, best.1 * 2.0);
        }
        best
    }

    /// The pixels alone.
    pub fn into_image(self) -> RgbImage {
        self.whole
    }
}

impl From<RgbImage> for Pyramid {
    fn from(whole: RgbImage) -> Self {
        Self { whole, halves: Default::default() }
    }
}

impl Deref for Pyramid {
    type Target = RgbImage;

    fn deref(&self) -> &RgbImage {
        &self.whole
    }
}

/// Each pixel the mean of four; `None` where the picture is too small for that.
fn halved(image: &RgbImage) -> Option<RgbImage> {
    let (w, h) = (image.width() / 2, image.height() / 2);
    if w == 0 || h == 0 {
        return None;
    }
    let mut out = Resized::new(w, h, PixelType::U8x3);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Box)).crop(
        0.0,
        0.0,
        f64::from(2 * w),
        f64::from(2 * h),
    );
    Resizer::new().resize(image, &mut out, &options).ok()?;
    RgbImage::from_raw(w, h, out.into_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_leaves_enough_to_sample_from() {
        let picture = Pyramid::from(RgbImage::from_fn(101, 67, |x, y| image::Rgb([x as u8, y as u8, 9])));
        for (scale, times) in [(0.5, 1.0), (3.9, 1.0), (4.1, 2.0), (8.1, 4.0), (1e6, 16.0)] {
            let (copy, found) = picture.shrunk(scale);
            assert!((found - times).abs() < f32::EPSILON, "{scale}: {found}");
            assert_eq!(copy.dimensions(), (101 / times as u32, 67 / times as u32));
        }
        // Columns 20 and 21, rows 30 and 31.
        assert!(picture.shrunk(4.1).0.get_pixel(10, 15).0[0].abs_diff(20) <= 1);
        assert!(picture.shrunk(4.1).0.get_pixel(10, 15).0[1].abs_diff(30) <= 1);
    }

    #[test]
    fn a_tiny_picture_stays_as_it_is() {
        let picture = Pyramid::from(RgbImage::new(5, 1));
        assert_eq!(picture.shrunk(100.0).0.dimensions(), (5, 1));
        assert_eq!(Pyramid::from(RgbImage::new(9, 9)).shrunk(1e3).0.dimensions(), (1, 1));
    }
}
