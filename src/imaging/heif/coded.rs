//! One coded picture: an item whose bytes a codec decodes.

use std::panic::{AssertUnwindSafe, catch_unwind};

use heifer_isobmff::ItemId;
use heifer_isobmff::boxes::{ColorInfo, HevcConfig, Property};

use super::container::{Container, Data};
use super::planes::{Coding, Planes};
use super::{Fault, av1, hevc};
use crate::imaging::av1::Worker;

/// Codecs pad pictures to whole blocks, of at most this side.
const BLOCK: u64 = 128;
const NO_CONFIGURATION: Fault = Fault::Broken("a picture says nothing of its coding");

/// A decoded picture.
pub(super) struct Coded {
    pub(super) planes: Planes,
    /// Whether no part of it is missing.
    pub(super) is_complete: bool,
}

/// What decodes a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    Hevc,
    Av1,
}

impl Codec {
    /// By the type of an item; `None` for one whose pixels come from other items.
    pub(super) fn of(kind: [u8; 4]) -> Result<Option<Self>, Fault> {
        match &kind {
            b"hvc1" | b"hev1" => Ok(Some(Self::Hevc)),
            b"av01" => Ok(Some(Self::Av1)),
            b"grid" | b"iden" | b"tmap" => Ok(None),
            b"iovl" => Err(Fault::Broken("it lays pictures over each other, which is not read")),
            _ => Err(Fault::OtherCodec),
        }
    }
}

/// What an item says of its coding.
pub(super) struct Outline {
    pub(super) depth: u8,
    pub(super) has_colour: bool,
    /// Code points of primaries and transfer function in the codec's own header.
    pub(super) stated: Option<(u16, u16)>,
}

/// What the configuration of a coded item says.
pub(super) fn outline(container: &Container<'_>, id: ItemId, codec: Codec) -> Result<Outline, Fault> {
    match codec {
        Codec::Av1 => av1::outline(container.properties(id)).ok_or(NO_CONFIGURATION),
        Codec::Hevc => {
            let config = hevc_config(container, id)?;
            Ok(Outline {
                depth: config.bit_depth_luma.max(config.bit_depth_chroma),
                has_colour: config.chroma_format != 0,
                stated: guarded(|| Ok(hevc::stated(config)))?,
            })
        }
    }
}

/// The most pixels that are coded for a picture of this size.
pub(super) fn padded((width, height): (u32, u32)) -> u64 {
    let side = |side: u32| u64::from(side).next_multiple_of(BLOCK);
    side(width) * side(height)
}

/// Decodes an item of this size. Its own statement of how colours are coded goes before `coding`, and that before the
/// codec's.
pub(super) fn decode(
    container: &Container<'_>,
    id: ItemId,
    codec: Codec,
    (width, height): (u32, u32),
    coding: Option<Coding>,
    worker: &mut Option<Worker>,
) -> Result<Coded, Fault> {
    let Data { bytes, is_cut } = container.data(id)?;
    let most = padded((width, height));
    let mut coded = match codec {
        // Of AV1, a part of the data is no part of the picture.
        Codec::Av1 if is_cut => return Err(Fault::Broken("the file is cut")),
        Codec::Av1 => av1::decode(worker, container.properties(id), &bytes, (width, height), most)?,
        Codec::Hevc => {
            let config = hevc_config(container, id)?;
            container.spend(config.nal_units.iter().map(Vec::len).sum())?;
            guarded(|| hevc::decode(config, &bytes, (width, height), most))?
        }
    };
    if let Some(coding) = stated_coding(container, id).or(coding) {
        coded.planes.coding = coding;
    }
    coded.is_complete &= !is_cut;
    Ok(coded)
}

/// How colours are coded, by an item's own property.
pub(super) fn stated_coding(container: &Container<'_>, id: ItemId) -> Option<Coding> {
    container.colour(id, |colour| match colour {
        ColorInfo::Nclx { matrix, full_range, .. } => Some(Coding { matrix: *matrix, is_full: *full_range }),
        ColorInfo::Icc(_) => None,
    })
}

fn hevc_config<'c>(container: &'c Container<'_>, id: ItemId) -> Result<&'c HevcConfig, Fault> {
    let config = container.properties(id).find_map(|property| match property {
        Property::HevcConfig(config) => Some(config),
        _ => None,
    });
    config.ok_or(NO_CONFIGURATION)
}

/// A fault of a decoder is a refusal of the picture and no more.
fn guarded<T>(run: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or(Err(Fault::Broken("its decoder failed")))
}
