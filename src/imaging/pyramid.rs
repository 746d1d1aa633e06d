//! A picture with smaller copies of itself, made when they are first asked for.
//!
//! A network sees a few hundred pixels a side. Sampled from a photograph of twelve megapixels, each of them would be the
//! mean of dozens of pixels, and each crop would pay for them again. So the photograph is halved, as often as leaves a
//! pixel for each one that is made of it, once for all crops. What can be read at a fraction of its size is read so in the
//! first place, and anew only where a small face wants more.

use std::fmt;
use std::sync::OnceLock;

use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer, images::Image as Resized};
use image::RgbImage;

/// An upright picture, in memory at one or several sizes.
pub struct Pyramid {
    width: u32,
    height: u32,
    /// How often the picture was halved to give `first`.
    halvings: usize,
    first: RgbImage,
    /// Copy `n` is halved `n` times; `None` where there is nothing left to halve, or reading failed.
    others: [OnceLock<Option<RgbImage>>; 1 + HALVINGS],
    /// Reads a copy that is finer than `first`.
    read: Option<Read>,
}

/// Gives the picture halved so many times.
type Read = Box<dyn Fn(usize) -> Option<RgbImage> + Send + Sync>;

/// Four times is enough for the largest side that is decoded.
const HALVINGS: usize = 4;

impl Pyramid {
    /// A picture of `width` x `height` of which there is a copy, halved `halvings` times; `read` gives finer ones, or
    /// `None` where they cannot be had.
    pub(super) fn reduced(
        (width, height): (u32, u32),
        halvings: usize,
        copy: RgbImage,
        read: impl Fn(usize) -> Option<RgbImage> + Send + Sync + 'static,
    ) -> Self {
        let others = Default::default();
        Self { width, height, halvings: halvings.min(HALVINGS), first: copy, others, read: Some(Box::new(read)) }
    }

    /// Columns of the whole picture.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows of the whole picture.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// What to sample from when one pixel that is made covers `scale` pixels of this picture: the smallest copy that has a
    /// pixel for it, or the picture itself, and how many times smaller it is.
    pub fn shrunk(&self, scale: f32) -> (&RgbImage, f32) {
        let at = halvings(scale);
        // Nearest to what was asked for: finer where there is nothing left to halve, coarser where reading fails.
        let near = (0..=at).rev().chain(at + 1..=HALVINGS);
        let found = near.into_iter().find_map(|n| Some((self.copy(n)?, n)));
        let (copy, n) = found.unwrap_or((&self.first, self.halvings));
        (copy, (1u32 << n) as f32)
    }

    /// The pixels alone, as fine as they are there.
    pub fn finest(&self) -> &RgbImage {
        self.shrunk(1.0).0
    }

    fn is_there(&self, halvings: usize) -> bool {
        halvings == self.halvings || self.others[halvings].get().is_some_and(Option::is_some)
    }

    fn copy(&self, halvings: usize) -> Option<&RgbImage> {
        if halvings == self.halvings {
            return Some(&self.first);
        }
        let made = || {
            let finer = halvings > self.halvings || (0..halvings).any(|n| self.is_there(n));
            if finer { halved(self.copy(halvings - 1)?) } else { self.read.as_ref()?(halvings) }
        };
        self.others[halvings].get_or_init(made).as_ref()
    }
}

/// How often a picture can be halved until one pixel covers more than `scale` of its pixels.
fn halvings(scale: f32) -> usize {
    (1..=HALVINGS).take_while(|&n| scale >= (1u32 << n) as f32).count()
}

impl From<RgbImage> for Pyramid {
    fn from(whole: RgbImage) -> Self {
        let (width, height) = whole.dimensions();
        Self { width, height, halvings: 0, first: whole, others: Default::default(), read: None }
    }
}

impl fmt::Debug for Pyramid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let there: Vec<usize> = (0..=HALVINGS).filter(|&n| self.is_there(n)).collect();
        write!(f, "Pyramid({} x {}, halved {there:?} times)", self.width, self.height)
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
    use std::sync::{Arc, Mutex};

    #[test]
    fn a_copy_leaves_enough_to_sample_from() {
        let picture = Pyramid::from(RgbImage::from_fn(101, 67, |x, y| image::Rgb([x as u8, y as u8, 9])));
        for (scale, times) in [(0.5, 1.0), (1.9, 1.0), (2.1, 2.0), (4.1, 4.0), (1e6, 16.0)] {
            let (copy, found) = picture.shrunk(scale);
            assert!((found - times).abs() < f32::EPSILON, "{scale}: {found}");
            assert_eq!(copy.dimensions(), (101 / times as u32, 67 / times as u32));
        }
        // Columns 20 and 21, rows 30 and 31.
        assert!(picture.shrunk(2.1).0.get_pixel(10, 15).0[0].abs_diff(20) <= 1);
        assert!(picture.shrunk(2.1).0.get_pixel(10, 15).0[1].abs_diff(30) <= 1);
    }

    #[test]
    fn a_tiny_picture_stays_as_it_is() {
        let picture = Pyramid::from(RgbImage::new(5, 1));
        assert_eq!(picture.shrunk(100.0).0.dimensions(), (5, 1));
        assert_eq!(Pyramid::from(RgbImage::new(9, 9)).shrunk(1e3).0.dimensions(), (1, 1));
    }

    /// A picture of 800 x 400 of which there is a quarter; what was read of it besides.
    fn quarter(readable: bool) -> (Pyramid, Arc<Mutex<Vec<usize>>>) {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        let read = move |n: usize| {
            log.lock().unwrap().push(n);
            readable.then(|| RgbImage::new(800 >> n, 400 >> n))
        };
        (Pyramid::reduced((800, 400), 2, RgbImage::new(200, 100), read), asked)
    }

    #[test]
    fn a_finer_copy_is_read_once_and_only_where_the_one_at_hand_is_too_coarse() {
        let (picture, asked) = quarter(true);
        assert_eq!((picture.width(), picture.height()), (800, 400));
        for (scale, width) in [(100.0, 50), (16.0, 50), (8.0, 100), (4.0, 200)] {
            assert_eq!(picture.shrunk(scale).0.width(), width, "{scale}");
        }
        assert!(asked.lock().unwrap().is_empty());
        assert_eq!(picture.shrunk(3.9).0.width(), 400);
        assert_eq!(picture.shrunk(2.0).0.width(), 400);
        assert_eq!(picture.shrunk(1.0).0.width(), 800);
        assert_eq!(*asked.lock().unwrap(), [1, 0]);
        assert_eq!(picture.finest().width(), 800);
        assert_eq!(*asked.lock().unwrap(), [1, 0]);
    }

    #[test]
    fn what_cannot_be_read_is_made_from_what_there_is() {
        let (picture, asked) = quarter(false);
        let (copy, times) = picture.shrunk(1.0);
        assert_eq!((copy.width(), times as u32), (200, 4));
        assert_eq!(*asked.lock().unwrap(), [0, 1]);
        assert_eq!(picture.finest().width(), 200);
        assert_eq!(*asked.lock().unwrap(), [0, 1], "it is not tried again");
    }
}
