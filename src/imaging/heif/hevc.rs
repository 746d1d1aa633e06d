//! Pictures coded with HEVC (ITU-T H.265).
//!
//! The decoder is a crate; the walk over the slices is here, because it bounds the work: each slice must begin where
//! the one before it ended, so no block is decoded twice, and what is missing is known.

use heifer_hevc_dec::nal::NalUnit;
use heifer_hevc_dec::params::{ParameterSets, Sps};
use heifer_hevc_dec::recon::{Frame, Reconstructor};
use heifer_hevc_dec::slice::SliceHeader;
use heifer_hevc_dec::syntax::{Picture, decode_slice_segment};
use heifer_isobmff::boxes::HevcConfig;

use super::Fault;
use super::coded::Coded;
use super::planes::{Coding, Plane, Planes};

/// Code points of primaries and transfer function in the parameter sets; `None` where they say nothing.
pub(super) fn stated(config: &HevcConfig) -> Option<(u16, u16)> {
    let mut sets = ParameterSets::default();
    for unit in &config.nal_units {
        sets.add(&NalUnit::parse(unit).ok()?).ok()?;
    }
    let vui = sets.sps.iter().flatten().find_map(|sps| sps.vui.as_ref())?;
    Some((vui.colour_primaries.into(), vui.transfer_characteristics.into()))
}

/// Decodes the first picture in `data`, whose units follow their length. A picture with more than `most` pixels is
/// refused before memory is taken for it. `size` is what is shown of it, from its upper left corner.
pub(super) fn decode(config: &HevcConfig, data: &[u8], size: (u32, u32), most: u64) -> Result<Coded, Fault> {
    let (units, mut is_complete) = units(config, data);
    let mut sets = ParameterSets::default();
    let before = units.iter().take_while(|unit| !unit.header.unit_type.is_slice());
    before.into_iter().try_for_each(|unit| sets.add(unit).map(drop))?;
    let mut state: Option<(Picture<'_>, Reconstructor<'_>, u8)> = None;
    let mut previous = None::<SliceHeader>;
    for unit in units.iter().filter(|unit| unit.header.unit_type.is_slice()) {
        // The first bit of a slice says that a picture begins.
        if state.is_some() && unit.rbsp.first().is_some_and(|bits| bits & 0x80 != 0) {
            break;
        }
        let read = SliceHeader::parse(&unit.rbsp, &unit.header, &sets, previous.as_ref());
        let (header, state) = match (read, &mut state) {
            (Ok(header), Some(state)) => (header, state),
            (Ok(header), none) => {
                let (pps, sps) = sets.get(header.slice_pic_parameter_set_id.into())?;
                check(sps, size, most)?;
                let id = header.slice_pic_parameter_set_id;
                (header, none.insert((Picture::new(sps, pps), Reconstructor::new(sps, pps), id)))
            }
            (Err(error), None) => return Err(error.into()),
            (Err(_), Some(_)) => {
                is_complete = false;
                break;
            }
        };
        if add(unit, &header, &sets, state).is_none() {
            is_complete = false;
            break;
        }
        if !header.dependent_slice_segment_flag {
            previous = Some(header);
        }
    }
    let (picture, reconstructor, _) = state.ok_or(Fault::Broken("it has no data of a picture"))?;
    if picture.decoded_ctbs == 0 {
        return Err(Fault::Broken("nothing of its picture can be decoded"));
    }
    is_complete &= picture.is_complete();
    let sps = picture.sps;
    Ok(Coded { planes: planes(reconstructor.finish(false), sps, size)?, is_complete })
}

/// Decodes a slice; `None` where it is damaged, or does not begin where the one before it ended.
fn add<'s>(
    unit: &NalUnit<'_>,
    header: &SliceHeader,
    sets: &'s ParameterSets,
    (picture, reconstructor, id): &mut (Picture<'s>, Reconstructor<'s>, u8),
) -> Option<()> {
    let start = *picture.layout.rs_to_ts.get(header.slice_segment_address as usize)?;
    (start == picture.decoded_ctbs && header.slice_pic_parameter_set_id == *id).then_some(())?;
    let quality = header.slice_qp_y(sets).ok()?;
    let data = unit.rbsp.get(header.header_size..)?;
    reconstructor.start_slice(header);
    decode_slice_segment(picture, header, quality, data, reconstructor).ok()?;
    reconstructor.error.take().is_none().then_some(())
}

/// Units of the configuration, then those of the data, and whether none is cut.
fn units<'d>(config: &'d HevcConfig, data: &'d [u8]) -> (Vec<NalUnit<'d>>, bool) {
    // The pictures of further layers are other views of the scene.
    let parse = |unit| NalUnit::parse(unit).ok().filter(|unit| unit.header.layer_id == 0);
    let mut units: Vec<NalUnit<'_>> = config.nal_units.iter().filter_map(|unit| parse(unit)).collect();
    let mut rest = data;
    while let Some((length, after)) = rest.split_at_checked(config.nal_length_size.into()) {
        let length = length.iter().fold(0usize, |sum, &byte| sum << 8 | usize::from(byte));
        let there = &after[..length.min(after.len())];
        units.extend(parse(there));
        if length > after.len() {
            return (units, false);
        }
        rest = &after[length..];
    }
    (units, rest.is_empty())
}

/// Refuses a size that is larger than announced, or smaller than what is shown.
fn check(sps: &Sps, (width, height): (u32, u32), most: u64) -> Result<(), Fault> {
    let (columns, rows) = (sps.pic_width_in_luma_samples, sps.pic_height_in_luma_samples);
    let subsampled = sps.chroma_subsampling();
    let [left, right, top, bottom] = sps.conf_win_offsets.map(u64::from);
    let cropped = |side: u32, cut: u64, unit: u32| u64::from(side).checked_sub(cut.saturating_mul(unit.into()));
    let is_there = cropped(columns, left + right, subsampled.0).is_some_and(|n| n >= width.into())
        && cropped(rows, top + bottom, subsampled.1).is_some_and(|n| n >= height.into());
    if is_there && !sps.separate_colour_plane_flag && u64::from(columns) * u64::from(rows) <= most {
        Ok(())
    } else {
        Err(Fault::Broken("its coded picture has another size than it says"))
    }
}

fn planes(frame: Frame, sps: &Sps, (width, height): (u32, u32)) -> Result<Planes, Fault> {
    let subsampled = sps.chroma_subsampling();
    let [left, _, top, _] = sps.conf_win_offsets.map(|offset| offset as usize);
    let Frame { widths, planes: [luma, blue, red], bit_depth, .. } = frame;
    let chroma = |samples| Plane { samples, stride: widths[1] as usize, origin: (left, top), depth: bit_depth[1] };
    let origin = (left * subsampled.0 as usize, top * subsampled.1 as usize);
    let planes = Planes {
        size: (width as usize, height as usize),
        all: [
            Plane { samples: luma, stride: widths[0] as usize, origin, depth: bit_depth[0] },
            chroma(blue),
            chroma(red),
        ],
        is_halved: (subsampled.0 == 2, subsampled.1 == 2),
        // As encoders of still pictures halve it.
        is_on_luma: (false, false),
        coding: Coding { matrix: frame.matrix_coeffs.into(), is_full: frame.full_range },
    };
    planes.check()?;
    Ok(planes)
}
