//! HEIF (ISO/IEC 23008-12): pictures in boxes of the ISO base media format, coded with HEVC (HEIC) or AV1 (AVIF).
//!
//! [`Picture::open`] reads what the file says without decoding pixels, so that limits come first. [`Picture::read`]
//! decodes them. A picture is coded whole or as a grid of tiles, with transparency as a picture of its own; it may be
//! cropped and turned. The orientation in Exif data is not applied: the standard calls it informative.
//!
//! [`container`] reads the boxes, [`layer`] finds the tiles, [`coded`] decodes one, with [`hevc`] or
//! [`mod@av1`]; [`planes`] turns luma and
//! chroma into colours and [`canvas`] puts tiles together. [`turns`] crops and turns.

mod av1;
mod canvas;
mod coded;
mod container;
mod fault;
mod hevc;
mod layer;
mod planes;
#[cfg(test)]
pub(in crate::imaging) mod tests;
mod turns;

use heifer_isobmff::ItemId;
use heifer_isobmff::boxes::{ColorInfo, Property};
use image::DynamicImage;
use image::metadata::Orientation;

use canvas::Canvas;
use container::Container;
use layer::{Content, Layer};
use planes::Sample;
use turns::Step;

pub(crate) use coded::Codec;
pub(crate) use fault::Fault;

/// What a file says of its colours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stated {
    /// An ICC profile.
    Profile(Vec<u8>),
    /// Code points of primaries and transfer function (ITU-T H.273).
    Points(u16, u16),
    Nothing,
}

/// A file whose boxes have been read.
pub(crate) struct Picture<'a> {
    container: Container<'a>,
    layer: Layer,
    alpha: Option<Layer>,
    /// Whether colours are stored multiplied by opacity.
    is_multiplied: bool,
    steps: Vec<Step>,
    pub(crate) colours: Stated,
}

/// Decoded pixels, upright, in the colours of the file.
pub(crate) struct Pixels {
    pub(crate) image: DynamicImage,
    /// Whether none is missing.
    pub(crate) is_complete: bool,
}

impl<'a> Picture<'a> {
    /// Reads the boxes.
    ///
    /// # Errors
    /// A [`Fault`] for a file that is broken, cut before its index ends, or uses what is not read.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, Fault> {
        let container = Container::read(bytes)?;
        let (shown, steps) = shown(&container)?;
        let layer = Layer::of(&container, shown)?;
        let alpha = container.referencing(shown, *b"auxl").find(|&id| is_alpha(&container, id));
        let is_multiplied = alpha.is_some_and(|id| container.referenced(shown, *b"prem").contains(&id));
        let alpha = alpha.map(|id| Layer::of(&container, id)).transpose()?;
        let colours = colours(&container, shown, &layer);
        Ok(Self { container, layer, alpha, is_multiplied, steps, colours })
    }

    /// Columns and rows as they are stored, before they are cropped and turned.
    pub(crate) fn size(&self) -> (u32, u32) {
        self.layer.size
    }

    /// What decodes the pixels.
    pub(crate) fn codec(&self) -> Codec {
        self.layer.codec
    }

    /// How the picture is turned, as Exif counts it.
    pub(crate) fn orientation(&self) -> Orientation {
        turns::orientation(&self.steps)
    }

    /// Whether it can be decoded at a fraction of its size.
    pub(crate) fn can_halve(&self, halvings: u32) -> bool {
        let is_cropped = self.steps.iter().any(|step| matches!(step, Step::Crop { .. }));
        let layers = [Some(&self.layer), self.alpha.as_ref()];
        halvings == 0 || !is_cropped && layers.into_iter().flatten().all(|layer| layer.can_halve(halvings))
    }

    /// Bytes needed to decode it at a fraction of its size, the encoded file not counted.
    pub(crate) fn memory(&self, halvings: u32) -> u64 {
        let of = |layer: &Layer, channels: u64| {
            let pixels = (u64::from(layer.size.0) * u64::from(layer.size.1)) >> (2 * halvings);
            (pixels * channels * if self.is_wide() { 2 } else { 1 }, layer.memory())
        };
        let (colour, tile) = of(&self.layer, 4);
        let (alpha, alpha_tile) = self.alpha.as_ref().map_or((0, 0), |alpha| of(alpha, 1));
        colour + alpha + tile.max(alpha_tile)
    }

    /// Whether samples of eight bits would lose some.
    fn is_wide(&self) -> bool {
        self.layer.outline.depth > 8
    }

    /// Decodes the pixels, halved `halvings` times.
    ///
    /// # Errors
    /// A [`Fault`] where none can be decoded. A fault of the decoder is one of them.
    pub(crate) fn read(&self, halvings: u32) -> Result<Pixels, Fault> {
        let (image, is_complete) =
            if self.is_wide() { self.image::<u16>(halvings)? } else { self.image::<u8>(halvings)? };
        let image = turns::apply(&self.steps, image)?;
        Ok(Pixels { image, is_complete })
    }

    fn image<T: Sample + Channels>(&self, halvings: u32) -> Result<(DynamicImage, bool), Fault> {
        let content = if self.layer.outline.has_colour { Content::Colour } else { Content::Grey };
        // Started for the first picture that needs it, and ended with the last.
        let mut worker = None;
        let (colours, mut is_complete) = self.layer.read::<T>(&self.container, content, halvings, &mut worker)?;
        let alpha = match &self.alpha {
            Some(layer) => {
                let (alpha, is_whole) = layer.read::<T>(&self.container, Content::Luma, halvings, &mut worker)?;
                is_complete &= is_whole;
                Some(alpha)
            }
            None => None,
        };
        let image = T::image(colours, alpha, self.is_multiplied);
        Ok((image.ok_or(Fault::Broken("its picture is empty"))?, is_complete))
    }
}

/// The item whose pixels are shown, behind those that only pass on another's, and what is done to them.
fn shown(container: &Container<'_>) -> Result<(ItemId, Vec<Step>), Fault> {
    const DEEPEST: usize = 4;
    let (mut id, mut steps) = (container.primary, turns::steps(container, container.primary)?);
    for _ in 0..DEEPEST {
        // A tone map is added to a picture that is complete without it.
        match &container.kind(id)? {
            b"iden" | b"tmap" => {
                container.check_understood(id)?;
                id = *container.referenced(id, *b"dimg").first().ok_or(Fault::Broken("its picture has no source"))?;
                steps.splice(0..0, turns::steps(container, id)?);
            }
            _ => return Ok((id, steps)),
        }
    }
    Err(Fault::Broken("its picture is derived too often"))
}

fn is_alpha(container: &Container<'_>, id: ItemId) -> bool {
    container.properties(id).any(|property| match property {
        Property::AuxiliaryType(kind) => {
            kind == "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha" || kind == "urn:mpeg:hevc:2015:auxid:1"
        }
        _ => false,
    })
}

/// A profile before code points; those of the picture before those of its first tile, and those before the codec's own.
fn colours(container: &Container<'_>, shown: ItemId, layer: &Layer) -> Stated {
    let items = [container.primary, shown, layer.first()];
    let profile = |id: &ItemId| {
        container.colour(*id, |colour| match colour {
            ColorInfo::Icc(profile) if !profile.is_empty() => Some(profile.clone()),
            _ => None,
        })
    };
    let points = |id: &ItemId| {
        container.colour(*id, |colour| match colour {
            ColorInfo::Nclx { primaries, transfer, .. } => Some((*primaries, *transfer)),
            ColorInfo::Icc(_) => None,
        })
    };
    if let Some(profile) = items.iter().find_map(profile) {
        return Stated::Profile(profile);
    }
    match items.iter().find_map(points).or(layer.outline.stated) {
        Some((primaries, transfer)) => Stated::Points(primaries, transfer),
        None => Stated::Nothing,
    }
}

/// How samples become an image.
trait Channels: Sized {
    /// `None` for impossible sizes.
    fn image(colours: Canvas<Self>, alpha: Option<Canvas<Self>>, is_multiplied: bool) -> Option<DynamicImage>;
}

impl Channels for u8 {
    fn image(colours: Canvas<Self>, alpha: Option<Canvas<Self>>, is_multiplied: bool) -> Option<DynamicImage> {
        let (width, height) = colours.sides()?;
        Some(match (colours.channels, alpha) {
            (1, None) => image::GrayImage::from_raw(width, height, colours.samples)?.into(),
            (1, Some(alpha)) => {
                image::GrayAlphaImage::from_raw(width, height, colours.with::<1, 2>(&alpha, is_multiplied))?.into()
            }
            (_, None) => image::RgbImage::from_raw(width, height, colours.samples)?.into(),
            (_, Some(alpha)) => {
                image::RgbaImage::from_raw(width, height, colours.with::<3, 4>(&alpha, is_multiplied))?.into()
            }
        })
    }
}

impl Channels for u16 {
    fn image(colours: Canvas<Self>, alpha: Option<Canvas<Self>>, is_multiplied: bool) -> Option<DynamicImage> {
        use image::ImageBuffer;
        let (width, height) = colours.sides()?;
        Some(match (colours.channels, alpha) {
            (1, None) => DynamicImage::ImageLuma16(ImageBuffer::from_raw(width, height, colours.samples)?),
            (1, Some(alpha)) => {
                let samples = colours.with::<1, 2>(&alpha, is_multiplied);
                DynamicImage::ImageLumaA16(ImageBuffer::from_raw(width, height, samples)?)
            }
            (_, None) => DynamicImage::ImageRgb16(ImageBuffer::from_raw(width, height, colours.samples)?),
            (_, Some(alpha)) => {
                let samples = colours.with::<3, 4>(&alpha, is_multiplied);
                DynamicImage::ImageRgba16(ImageBuffer::from_raw(width, height, samples)?)
            }
        })
    }
}
