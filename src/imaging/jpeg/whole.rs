//! Every kind of picture that is decoded, with what is known of its completeness.
//!
//! In sequential mode a block is coded at once, and becomes pixels when it is read. In progressive mode every scan adds
//! to the values of all blocks, which are kept until the last.

use std::ops::Range;

use super::codes::Codes;
use super::entropy::{Band, sequential};
use super::frame::{Frame, Outline};
use super::huffman::{BEHIND, Bits};
use super::inverse::{PLACES, Scaled, flat, whole};
use super::plane::Plane;
use super::segments::{Reader, Segment, Segments, marker};
use super::tables::Tables;
use crate::simd::{Kernel, Lanes, dispatch};

/// Unread bytes before a restart or the end that are no sign of damage: some cameras pad their scans.
pub(super) const PADDING: usize = 16;

/// The components of a picture.
pub(super) struct Planes {
    pub(super) planes: Vec<Plane>,
    /// Whether no block is missing or damaged.
    pub(super) is_complete: bool,
}

/// One component being decoded.
struct Channel {
    plane: Plane,
    /// Blocks per MCU.
    across: usize,
    down: usize,
    /// Blocks of the picture, across and down, without those that only fill up MCUs.
    blocks: (usize, usize),
    /// Blocks in a row, with those that fill up.
    columns: usize,
    /// Quantisation steps; `None` before the component's first scan.
    steps: Option<[u16; 64]>,
    /// In progressive mode the values of all blocks, in the order of the file.
    values: Vec<i16>,
    /// For each value the lowest bit that has been read; 16 before its first scan.
    lowest: [u32; 64],
    transform: Scaled,
}

/// A scan of one or several components.
struct Scan<'a> {
    parts: &'a [Part],
    bytes: &'a [u8],
    /// MCUs across, and in all.
    columns: usize,
    total: usize,
    /// MCUs between two restarts.
    interval: usize,
    channels: Vec<Scanned<'a>>,
    /// `None` in sequential mode.
    band: Option<Band>,
    is_complete: bool,
}

/// A component of a scan.
struct Scanned<'a> {
    channel: &'a mut Channel,
    means: &'a Codes,
    others: &'a Codes,
    /// The mean of the block before.
    mean: i32,
    /// Blocks per MCU of this scan.
    across: usize,
    down: usize,
}

/// The data between two restarts.
struct Part {
    bytes: Range<usize>,
    /// The last bits of the restart marker before it.
    number: Option<u8>,
}

/// Decodes at `side` eighths of the size; `None` where there is nothing to decode.
pub(super) fn decode(bytes: &[u8], outline: &Outline<'_>, side: usize) -> Option<Planes> {
    let frame = &outline.frame;
    let mut channels = channels(frame, side);
    let (mut tables, mut is_complete, mut has_begun) = (Tables::default(), true, false);
    for segment in Segments::new(bytes)? {
        let understood = match segment.kind {
            marker::HUFFMAN => tables.read_codes(segment.body),
            marker::QUANTISATION => tables.read_steps(segment.body),
            marker::RESTART_INTERVAL => tables.read_interval(segment.body),
            marker::SCAN => {
                has_begun = true;
                scan(&segment, frame, &mut channels, &mut tables)
                    .map(|scan_is_complete| is_complete &= scan_is_complete)
            }
            _ => Some(()),
        };
        is_complete &= understood.is_some();
        if understood.is_none() && !has_begun {
            return None;
        }
    }
    for channel in &mut channels {
        let steps = channel.steps?;
        if frame.is_progressive {
            channel.finish(&steps);
        }
        is_complete &= channel.lowest.iter().all(|&bit| bit == 0);
    }
    Some(Planes { planes: channels.into_iter().map(|channel| channel.plane).collect(), is_complete })
}

/// The components before the first scan, all grey.
fn channels(frame: &Frame, side: usize) -> Vec<Channel> {
    let (across, down) = frame.most();
    let (width, height) = (usize::from(frame.width), usize::from(frame.height));
    let (columns, rows) = (width.div_ceil(8 * across), height.div_ceil(8 * down));
    let channel = |c: &super::frame::Sampling| {
        // A block of a component that is sampled more coarsely covers more pixels.
        let transform = Scaled::new(block_side(side, across, c.across), block_side(side, down, c.down));
        let pitch = columns * c.across * transform.width;
        let blocks = ((width * c.across).div_ceil(8 * across), (height * c.down).div_ceil(8 * down));
        let kept = if frame.is_progressive { 64 * columns * c.across * rows * c.down } else { 0 };
        Channel {
            plane: Plane { pixels: vec![128; pitch * rows * c.down * transform.height], pitch },
            across: c.across,
            down: c.down,
            blocks,
            columns: columns * c.across,
            steps: None,
            values: vec![0; kept],
            lowest: [16; 64],
            transform,
        }
    };
    frame.components.iter().map(channel).collect()
}

/// Pixels of a block along an axis, for a component of `own` blocks where the largest has `most`.
pub(super) fn block_side(side: usize, most: usize, own: usize) -> usize {
    if side == 8 { 8 } else { (side * most / own).clamp(1, 8) }
}

/// An upper bound in bytes on the memory for a file of `len` bytes, planes and values.
pub(super) fn needed(frame: &Frame, side: usize, len: usize) -> u64 {
    let (across, down) = frame.most();
    let mcus = u64::from(frame.width).div_ceil(8 * across as u64) * u64::from(frame.height).div_ceil(8 * down as u64);
    let of = |c: &super::frame::Sampling| {
        let pixels = block_side(side, across, c.across) * block_side(side, down, c.down);
        let values = if frame.is_progressive { 128 } else { 0 };
        mcus * (c.across * c.down) as u64 * (pixels + values) as u64
    };
    // The scans' own bytes, and what is kept of each part between two restarts.
    frame.components.iter().map(of).sum::<u64>() + 17 * len as u64
}

/// Reads one scan. Returns whether it is complete; `None` where its header is broken.
fn scan(segment: &Segment<'_>, frame: &Frame, channels: &mut [Channel], tables: &mut Tables) -> Option<bool> {
    let mut header = Reader(segment.body);
    let n = header.byte()?;
    let mut chosen: Vec<(usize, usize, usize)> = Vec::with_capacity(4);
    for _ in 0..n {
        let (id, (means, others)) = (header.byte()?, header.halves()?);
        let at = frame.components.iter().position(|c| c.id == id)?;
        if chosen.iter().any(|&(other, ..)| other >= at) {
            // Components come in the order of the frame (T.81, B.2.3).
            return None;
        }
        chosen.push((at, usize::from(means), usize::from(others)));
    }
    if chosen.is_empty() {
        return None;
    }
    let (first, last, (high, low)) = (header.byte()?, header.byte()?, header.halves()?);
    let band = Band { first: first.into(), last: last.into(), refines: high > 0, low: low.into() };
    let is_known = last < 64 && first <= last && low < 14 && (first > 0 || last == 0) && (first == 0 || n == 1);
    if frame.is_progressive && !is_known {
        return None;
    }
    for &(at, ..) in &chosen {
        let (channel, table) = (&mut channels[at], frame.components[at].table);
        let steps = (*tables.steps.get(table)?)?;
        channel.steps.get_or_insert(steps);
        let read = if frame.is_progressive { band.first..band.last + 1 } else { 0..64 };
        channel.lowest[read].fill(if frame.is_progressive { band.low } else { 0 });
    }
    let is_missing = |&(_, means, others): &(usize, usize, usize)| {
        tables.means.get(means).is_none_or(Option::is_none) || tables.others.get(others).is_none_or(Option::is_none)
    };
    if chosen.iter().any(is_missing) {
        *tables = std::mem::take(tables).or_standard_codes();
    }
    let alone = chosen.len() == 1;
    let (across, down) = frame.most();
    let (mut columns, mut rows) =
        (usize::from(frame.width).div_ceil(8 * across), usize::from(frame.height).div_ceil(8 * down));
    let mut scanned = Vec::with_capacity(4);
    for (at, channel) in channels.iter_mut().enumerate() {
        let Some(&(_, means, others)) = chosen.iter().find(|(chosen, ..)| *chosen == at) else { continue };
        let (means, others) = (tables.means.get(means)?.as_ref()?, tables.others.get(others)?.as_ref()?);
        let (across, down) = if alone { (1, 1) } else { (channel.across, channel.down) };
        if alone {
            (columns, rows) = channel.blocks;
        }
        scanned.push(Scanned { channel, means, others, mean: 0, across, down });
    }
    let total = columns * rows;
    let interval = if tables.restart_interval == 0 { total } else { tables.restart_interval };
    let (bytes, parts) = without_stuffing(segment.data);
    let band = frame.is_progressive.then_some(band);
    let mut scan =
        Scan { parts: &parts, bytes: &bytes, columns, total, interval, channels: scanned, band, is_complete: true };
    dispatch(Blocks(&mut scan));
    Some(scan.is_complete)
}

/// The reading of a scan, as a kernel.
struct Blocks<'a, 'b>(&'a mut Scan<'b>);

impl Kernel for Blocks<'_, '_> {
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let scan = self.0;
        let mut next = 0;
        for part in scan.parts {
            // A missing marker leaves a gap; the numbers say how many parts are missing.
            let expected = part.number.map_or(0, |number| (number + 1).wrapping_sub(next as u8) & 7);
            if expected != 0 {
                scan.is_complete = false;
                next += usize::from(if expected <= 4 { expected } else { 0 });
            }
            let first = next * scan.interval;
            if first >= scan.total {
                // Some programs write a restart marker at the end too.
                scan.is_complete &= part.bytes.len() <= BEHIND + PADDING;
                break;
            }
            let mut bits = Bits::new(&scan.bytes[part.bytes.clone()]);
            let read = scan.part(&mut bits, first..scan.total.min(first + scan.interval));
            scan.is_complete &= read.is_some() && bits.left() <= PADDING;
            next += 1;
        }
        scan.is_complete &= next * scan.interval >= scan.total;
    }
}

impl Scan<'_> {
    /// Reads the MCUs between two restarts; `None` where the data is damaged or too short.
    #[inline(always)]
    fn part(&mut self, bits: &mut Bits<'_>, mcus: Range<usize>) -> Option<()> {
        self.channels.iter_mut().for_each(|scanned| scanned.mean = 0);
        let mut blanks = 0;
        for mcu in mcus {
            for scanned in &mut self.channels {
                let (row, column) = (mcu / self.columns, mcu % self.columns);
                for y in 0..scanned.down {
                    for x in 0..scanned.across {
                        let place = (column * scanned.across + x, row * scanned.down + y);
                        match self.band {
                            None => scanned.sequential(bits, place)?,
                            Some(band) => scanned.progressive(bits, band, &mut blanks, place)?,
                        }
                    }
                }
            }
            if !bits.is_within() {
                return None;
            }
        }
        Some(())
    }
}

impl Scanned<'_> {
    #[inline(always)]
    fn sequential(&mut self, bits: &mut Bits<'_>, place: (usize, usize)) -> Option<()> {
        let mut values = [0; 64];
        let steps = self.channel.steps.as_ref()?;
        let end = sequential(bits, (self.means, self.others), steps, &mut self.mean, &mut values)?;
        self.channel.write(end, &mut values, place)
    }

    #[inline(always)]
    fn progressive(&mut self, bits: &mut Bits<'_>, band: Band, blanks: &mut u32, (x, y): (usize, usize)) -> Option<()> {
        let at = 64 * (y * self.channel.columns + x);
        let block = self.channel.values.get_mut(at..at + 64)?;
        let codes = if band.first == 0 { self.means } else { self.others };
        band.read(bits, codes, &mut self.mean, blanks, block)
    }
}

impl Channel {
    /// Writes the pixels of a block, of whose values those before `end` may differ from zero.
    #[inline(always)]
    fn write(&mut self, end: usize, values: &mut [i32; 64], (x, y): (usize, usize)) -> Option<()> {
        let Self { plane, transform, .. } = self;
        let to = plane.pixels.get_mut(y * transform.height * plane.pitch + x * transform.width..)?;
        match (transform.width, transform.height) {
            (8, 8) if end <= 1 => flat(values[0], to, plane.pitch),
            (8, 8) => whole(values, to, plane.pitch),
            _ => transform.write(values, to, plane.pitch),
        }
        Some(())
    }

    /// Makes pixels of the values of all scans.
    fn finish(&mut self, steps: &[u16; 64]) {
        let kept = std::mem::take(&mut self.values);
        dispatch(Finish { channel: self, kept: &kept, steps });
    }
}

/// [`Channel::finish`] as a kernel.
struct Finish<'a> {
    channel: &'a mut Channel,
    kept: &'a [i16],
    steps: &'a [u16; 64],
}

impl Kernel for Finish<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let columns = self.channel.columns;
        for (i, block) in self.kept.as_chunks::<64>().0.iter().enumerate() {
            let (mut values, mut end) = ([0; 64], 1);
            for (at, (&value, &step)) in block.iter().zip(self.steps).enumerate() {
                if value != 0 {
                    values[usize::from(PLACES[at]) & 63] = i32::from(value) * i32::from(step);
                    end = at + 1;
                }
            }
            // Every block has its place.
            let _ = self.channel.write(end, &mut values, (i % columns, i / columns));
        }
    }
}

/// The data of a scan without the zeros stuffed after 0xff, and its parts, with [`BEHIND`] bytes of padding after each.
fn without_stuffing(data: &[u8]) -> (Vec<u8>, Vec<Part>) {
    let (mut bytes, mut parts) = (Vec::with_capacity(data.len() + BEHIND), Vec::new());
    let (mut rest, mut start, mut number) = (data, 0, None);
    loop {
        let at = memchr::memchr(0xff, rest).unwrap_or(rest.len());
        bytes.extend_from_slice(&rest[..at]);
        let kind = rest.get(at + 1).copied();
        match kind {
            Some(0) => bytes.push(0xff),
            // The first of several 0xff before a marker.
            Some(0xff) => {
                rest = &rest[at + 1..];
                continue;
            }
            _ => {
                bytes.extend_from_slice(&[0; BEHIND]);
                parts.push(Part { bytes: start..bytes.len(), number });
                start = bytes.len();
                let Some(kind) = kind else { return (bytes, parts) };
                number = Some(kind & 7);
            }
        }
        rest = &rest[at + 2..];
    }
}
