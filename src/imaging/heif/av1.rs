//! Pictures coded with AV1.

use heifer_isobmff::boxes::Property;

use super::Fault;
use super::coded::{Coded, Outline};
use super::planes::{Coding, Plane, Planes};
use crate::imaging::av1::{Fail, Frame, Request, Worker};

/// What the configuration (AV1 Codec ISO Media File Format Binding, 2.3.3) says.
pub(super) fn outline<'p>(mut properties: impl Iterator<Item = &'p Property>) -> Option<Outline> {
    const DEEP: u8 = 0x40;
    const DEEPER: u8 = 0x20;
    const NO_COLOUR: u8 = 0x10;
    let bits = properties.find_map(|property| match property {
        Property::Unknown(kind, content) if kind.0 == *b"av1C" => content.get(2).copied(),
        _ => None,
    })?;
    let depth = match (bits & DEEP != 0, bits & DEEPER != 0) {
        (false, _) => 8,
        (true, false) => 10,
        (true, true) => 12,
    };
    Some(Outline { depth, has_colour: bits & NO_COLOUR == 0, stated: None })
}

/// Decodes the picture in `data`, of which `size` is shown. A picture with more than `most` pixels is refused.
pub(super) fn decode<'p>(
    worker: &mut Option<Worker>,
    mut properties: impl Iterator<Item = &'p Property>,
    data: &[u8],
    (width, height): (u32, u32),
    most: u64,
) -> Result<Coded, Fault> {
    let worker = match worker {
        Some(worker) => worker,
        none => none.insert(Worker::start().map_err(fault)?),
    };
    let operating_point = properties.find_map(|property| match property {
        Property::Unknown(kind, content) if kind.0 == *b"a1op" => content.first().copied(),
        _ => None,
    });
    // There are 32 of them.
    let operating_point = operating_point.unwrap_or(0) & 31;
    let most = u32::try_from(most).unwrap_or(u32::MAX);
    let frame = worker.decode(&Request { data, most, operating_point }).map_err(fault)?;
    Ok(Coded { planes: planes(frame, (width as usize, height as usize))?, is_complete: true })
}

fn fault(fail: Fail) -> Fault {
    Fault::Broken(fail.text())
}

fn planes(frame: Frame, size: (usize, usize)) -> Result<Planes, Fault> {
    let Frame { size: (width, _), depth, is_halved, is_on_luma, matrix, is_full, planes } = frame;
    let chroma_width = if is_halved.0 { width.div_ceil(2) } else { width };
    let mut strides = [width, chroma_width, chroma_width].into_iter();
    let all = planes.map(|samples| Plane { samples, stride: strides.next().unwrap_or(0), origin: (0, 0), depth });
    let planes = Planes { size, all, is_halved, is_on_luma, coding: Coding { matrix, is_full } };
    planes.check()?;
    Ok(planes)
}
