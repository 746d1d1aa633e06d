//! JPEGs: whole, or at a fraction of their size.

use std::sync::Arc;

use image::{DynamicImage, GrayImage, RgbImage, metadata::Orientation};

use super::colour::{Colours, MAX_PROFILE};
use super::orientation::{self, swaps_sides};
use super::{DecodeError, DecodeLimits, Pixels, over_white};
use crate::imaging::{Pyramid, jpeg};

/// The minimum longer side of a reduced picture, in pixels: twice that of the detector's first pass. That is enough for
/// the crops of a face that the first pass settles, and for a closer look at what it may have missed.
const LEAST_SIDE: u32 = 640;
/// Decoding at half size saves no time, and a block of 8 x 8 pixels can be halved three times at most.
const USEFUL_HALVINGS: std::ops::RangeInclusive<usize> = 2..=3;
/// The most halvings of a block.
const MOST_HALVINGS: usize = 3;

/// A JPEG whose segments have been read and found acceptable.
pub(super) struct Jpeg<'a> {
    bytes: &'a [u8],
    outline: jpeg::Outline<'a>,
    way: Way,
}

/// How the pixels of a file become upright ones in sRGB.
#[derive(Clone)]
struct Way {
    limits: DecodeLimits,
    orientation: Orientation,
    colours: Arc<Colours>,
    /// The size in the file, and how many times it is halved at least, to stay within the limits.
    size: (u32, u32),
    least: usize,
}

impl<'a> Jpeg<'a> {
    pub(super) fn open(bytes: &'a [u8], limits: &DecodeLimits) -> Result<Self, DecodeError> {
        let outline = jpeg::Outline::read(bytes).map_err(corrupt)?;
        let size = (u32::from(outline.frame.width), u32::from(outline.frame.height));
        let orientation = outline.exif.map_or(Orientation::NoTransforms, orientation::of_exif);
        let least = (0..=MOST_HALVINGS)
            .find(|&n| limits.check_size_halved(size, n).is_ok() && (n == 0 || fits(size, orientation, n)));
        let Some(least) = least else { return Err(limits.refusal(size)) };
        let colours = match outline.has_profile.then(|| jpeg::Outline::profile(bytes, MAX_PROFILE)) {
            None => Colours::default(),
            Some(Some(profile)) => Colours::of_icc(&profile),
            Some(None) => Colours::ignored("icc", None, "parts of it are missing, or it is too large"),
        };
        Ok(Self { bytes, outline, way: Way { limits: *limits, orientation, colours: Arc::new(colours), size, least } })
    }

    pub(super) fn orientation(&self) -> Orientation {
        self.way.orientation
    }

    pub(super) fn size(&self) -> (u32, u32) {
        self.way.size
    }

    pub(super) fn colours(&self) -> &Colours {
        &self.way.colours
    }

    /// Whether the finest pixels that are decoded are coarser than those in the file.
    pub(super) fn is_scaled(&self) -> bool {
        self.way.least > 0
    }

    /// The finest pixels that are decoded.
    pub(super) fn whole(&self) -> Result<Pixels, DecodeError> {
        self.way
            .read(self.bytes, &self.outline, self.way.least)
            .ok_or_else(|| corrupt("it has no picture that can be read"))
    }

    /// The picture, large ones as a reduced copy that is decoded again where finer pixels are needed; whether it is
    /// complete, and whether the colour profile is for its channels.
    pub(super) fn pyramid(&self) -> Result<(Pyramid, bool, bool), DecodeError> {
        let Way { size, orientation, least, .. } = self.way;
        let reduced = self.way.halvings().and_then(|n| Some((n, self.way.reduced(self.bytes, n)?)));
        let (halvings, copy) = if let Some(reduced) = reduced {
            reduced
        } else {
            let whole = self.whole()?;
            if least == 0 {
                return Ok(whole.into_pyramid());
            }
            (least, whole)
        };
        let (bytes, way) = (Box::<[u8]>::from(self.bytes), self.way.clone());
        let read = move |halvings: usize| {
            if halvings < way.least {
                return None;
            }
            let reduced = if halvings > 0 { way.reduced(&bytes, halvings) } else { None };
            let whole = || way.read(&bytes, &jpeg::Outline::read(&bytes).ok()?, halvings);
            Some(reduced.or_else(whole)?.image)
        };
        let size = if swaps_sides(orientation) { (size.1, size.0) } else { size };
        Ok((Pyramid::reduced(size, halvings, copy.image, read), copy.is_complete, copy.fits_profile))
    }
}

impl Way {
    /// How many times a picture is halved while it is decoded; `None` for one that is not large.
    fn halvings(&self) -> Option<usize> {
        let (width, height) = self.size;
        let is_enough = |&n: &usize| width.max(height) >> n >= LEAST_SIDE && fits(self.size, self.orientation, n);
        USEFUL_HALVINGS.rev().filter(|&n| n >= self.least).find(is_enough)
    }

    /// A plain, complete picture, halved.
    fn reduced(&self, bytes: &[u8], halvings: usize) -> Option<Pixels> {
        let copy = jpeg::reduced(bytes, halvings, self.limits.memory())?;
        // If two decoders read different sizes out of one file, every crop would be misplaced.
        let side = |whole: u32| whole.div_ceil(1 << halvings);
        (copy.dimensions() == (side(self.size.0), side(self.size.1))).then_some(())?;
        Some(self.upright(copy.into(), true))
    }

    /// A picture of any kind, halved.
    fn read(&self, bytes: &[u8], outline: &jpeg::Outline<'_>, halvings: usize) -> Option<Pixels> {
        let picture = jpeg::whole(bytes, outline, halvings, self.limits.memory())?;
        let jpeg::Picture { pixels, channels, is_complete, .. } = picture;
        let (width, height) = (u32::try_from(picture.width).ok()?, u32::try_from(picture.height).ok()?);
        if channels == 4 {
            let (pixels, fits_profile) = self.colours.of_inks(&pixels);
            let mut image = DynamicImage::from(RgbImage::from_raw(width, height, pixels)?);
            image.apply_orientation(self.orientation);
            return Some(Pixels { image: image.into_rgb8(), is_complete, fits_profile });
        }
        let image = match channels {
            1 => GrayImage::from_raw(width, height, pixels)?.into(),
            _ => RgbImage::from_raw(width, height, pixels)?.into(),
        };
        Some(self.upright(image, is_complete))
    }

    fn upright(&self, image: DynamicImage, is_complete: bool) -> Pixels {
        let (mut image, fits_profile) = self.colours.apply(image);
        image.apply_orientation(self.orientation);
        Pixels { image: over_white(image), is_complete, fits_profile }
    }
}

/// Columns and rows left over at the right and at the bottom would shift a turned picture against its copy, so a turned
/// picture must have none.
fn fits((width, height): (u32, u32), orientation: Orientation, halvings: usize) -> bool {
    orientation == Orientation::NoTransforms || (width | height) % (1 << halvings) == 0
}

fn corrupt(detail: &str) -> DecodeError {
    DecodeError::Corrupt { format: "jpeg", detail: detail.into() }
}
