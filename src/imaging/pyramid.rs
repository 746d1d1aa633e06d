//! A picture with smaller copies of itself, each made when it is first needed.
//!
//! A network sees few pixels of a large photograph; without the pyramid each of them is the mean of many source pixels,
//! for every crop again. The pyramid halves the photograph once for all crops. A large JPEG starts with a reduced copy,
//! and is decoded again only where a small face needs finer pixels.

use std::fmt;
use std::sync::OnceLock;

use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer, images::Image as Resized};
use image::RgbImage;

/// An upright picture, in memory at one or several sizes.
pub struct Pyramid {
    width: u32,
    height: u32,
    /// How many times `first` is halved.
    halvings: usize,
    first: RgbImage,
    /// Copy `n` is halved `n` times; `None` where no pixels are left to halve, or where reading fails.
    others: [OnceLock<Option<RgbImage>>; 1 + HALVINGS],
    /// Reads copies finer than `first`.
    read: Option<Read>,
}

/// Reads the picture halved a given number of times.
type Read = Box<dyn Fn(usize) -> Option<RgbImage> + Send + Sync>;

/// The most halvings: enough for the largest side that is decoded.
const HALVINGS: usize = 4;

impl Pyramid {
    /// A picture of `width` x `height` with `copy`, halved `halvings` times. `read` returns finer copies, or `None`
    /// where it fails.
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

    /// The copy to sample from when one output pixel covers `scale` pixels of the whole picture, and how many times
    /// smaller than the whole it is: the smallest copy of which an output pixel still covers at least one pixel.
    pub fn shrunk(&self, scale: f32) -> (&RgbImage, f32) {
        let at = halvings(scale);
        // The nearest copy: a finer one where no pixels are left to halve, a coarser one where reading fails.
        let near = (0..=at).rev().chain(at + 1..=HALVINGS);
        let found = near.into_iter().find_map(|n| Some((self.copy(n)?, n)));
        let (copy, n) = found.unwrap_or((&self.first, self.halvings));
        (copy, (1u32 << n) as f32)
    }

    /// Like [`Pyramid::shrunk`], but no finer than what is in memory.
    pub fn at_hand(&self, scale: f32) -> (&RgbImage, f32) {
        let finest = (0..=HALVINGS).find(|&n| self.is_there(n)).unwrap_or(self.halvings);
        self.shrunk(scale.max((1u32 << finest) as f32))
    }

    /// The finest copy that can be read.
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

/// How many times a picture can be halved before a pixel of the copy is wider than `scale` pixels.
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

/// Half the picture, each pixel the mean of four; `None` where a side is one pixel.
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
    fn a_copy_has_at_least_one_pixel_per_output_pixel() {
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
    fn a_side_of_one_pixel_is_not_halved() {
        let picture = Pyramid::from(RgbImage::new(5, 1));
        assert_eq!(picture.shrunk(100.0).0.dimensions(), (5, 1));
        assert_eq!(Pyramid::from(RgbImage::new(9, 9)).shrunk(1e3).0.dimensions(), (1, 1));
    }

    /// A picture of 800 x 400 with a quarter-size copy, and a log of the halvings read after that.
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
    fn a_finer_copy_is_read_once_and_only_where_it_is_needed() {
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
    fn where_reading_fails_the_reduced_copy_serves() {
        let (picture, asked) = quarter(false);
        let (copy, times) = picture.shrunk(1.0);
        assert_eq!((copy.width(), times as u32), (200, 4));
        assert_eq!(*asked.lock().unwrap(), [0, 1]);
        assert_eq!(picture.finest().width(), 200);
        assert_eq!(*asked.lock().unwrap(), [0, 1], "a failed reading is not repeated");
    }
}
