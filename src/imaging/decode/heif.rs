//! HEIC and AVIF: whole, or at a fraction where there are too many pixels.

use image::metadata::Orientation;

use super::colour::Colours;
use super::format::Format;
use super::orientation::swaps_sides;
use super::{DecodeError, DecodeLimits, Pixels, over_white};
use crate::imaging::Pyramid;
use crate::imaging::heif::{Fault, Picture, Stated};

/// Every pixel must be decoded, whatever its fraction; so a picture may have four times the pixels that are accepted.
const MOST_HALVINGS: u32 = 1;

/// A file whose boxes have been read and found acceptable.
pub(super) struct Heif<'a> {
    picture: Picture<'a>,
    colours: Colours,
    /// How many times it is halved, to stay within the limits.
    halvings: u32,
}

impl<'a> Heif<'a> {
    pub(super) fn open(bytes: &'a [u8], limits: &DecodeLimits) -> Result<Self, DecodeError> {
        let picture =
            Picture::open(bytes).map_err(|fault| refusal(fault, Format::of(bytes).map_or("heic", |f| f.name)))?;
        let size = picture.size();
        let fits = |&n: &u32| {
            let is_small = limits.check_size_halved(size, n as usize).is_ok();
            is_small && picture.can_halve(n) && picture.memory(n) <= limits.memory()
        };
        let halvings = (0..=MOST_HALVINGS).find(fits).ok_or_else(|| limits.refusal(size))?;
        Ok(Self { colours: colours(&picture.colours), picture, halvings })
    }

    pub(super) fn format(&self) -> &'static Format {
        Format::of_codec(self.picture.codec())
    }

    /// Columns and rows as they are stored.
    pub(super) fn size(&self) -> (u32, u32) {
        self.picture.size()
    }

    pub(super) fn orientation(&self) -> Orientation {
        self.picture.orientation()
    }

    pub(super) fn colours(&self) -> &Colours {
        &self.colours
    }

    /// Whether the pixels that are decoded are coarser than those in the file.
    pub(super) fn is_scaled(&self) -> bool {
        self.halvings > 0
    }

    /// The finest pixels that are decoded.
    pub(super) fn whole(&self) -> Result<Pixels, DecodeError> {
        let pixels = self.picture.read(self.halvings).map_err(|fault| refusal(fault, self.format().name))?;
        let (image, fits_profile) = self.colours.apply(pixels.image);
        Ok(Pixels { image: over_white(image), is_complete: pixels.is_complete, fits_profile })
    }

    /// The picture, whether it is complete, and whether the colour profile is for its channels.
    pub(super) fn pyramid(&self) -> Result<(Pyramid, bool, bool), DecodeError> {
        let pixels = self.whole()?;
        if self.halvings == 0 {
            return Ok(pixels.into_pyramid());
        }
        let (width, height) = self.picture.size();
        let size = if swaps_sides(self.orientation()) { (height, width) } else { (width, height) };
        let pyramid = Pyramid::reduced(size, self.halvings as usize, pixels.image, |_| None);
        Ok((pyramid, pixels.is_complete, pixels.fits_profile))
    }
}

fn colours(stated: &Stated) -> Colours {
    /// "Unspecified", of primaries and of transfer functions.
    const NONE: u16 = 2;
    match stated {
        Stated::Profile(profile) => Colours::of_icc(profile),
        Stated::Points(primaries, transfer) => {
            // sRGB's, where one of the two is not said.
            let point = |point: u16, usual: u8| if point == NONE { usual } else { u8::try_from(point).unwrap_or(0) };
            Colours::of_cicp(point(*primaries, 1), point(*transfer, 13), true)
        }
        Stated::Nothing => Colours::default(),
    }
}

fn refusal(fault: Fault, format: &'static str) -> DecodeError {
    let corrupt = |detail: String| DecodeError::Corrupt { format, detail };
    match fault {
        Fault::Broken(detail) => corrupt(detail.into()),
        Fault::Codec(detail) => corrupt(detail),
        Fault::Sequence { .. } => DecodeError::NotRead {
            what: "a sequence of HEIF pictures (a burst or an animation)",
            next: "send its pictures one by one, or convert it to an animated WebP, PNG or GIF",
        },
        Fault::OtherCodec => {
            DecodeError::NotRead { what: "a HEIF image in a rare coding", next: super::format::CONVERT }
        }
    }
}
