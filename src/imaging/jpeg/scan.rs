//! The blocks of a scan to planes of pixels.

use std::ops::Range;

use super::block::Transform;
use super::header::{Component, Header};
use super::huffman::{BEHIND, Bits, END, Runs, Table};
use super::plane::Plane;
use super::whole::PADDING;
use crate::simd::{Kernel, Lanes, dispatch};

/// The components of the picture at `side` eighths of its size, all with the same number of pixels; `None` where the
/// scan is broken or has the wrong length.
pub(super) fn read(header: &Header<'_>, side: usize) -> Option<Vec<Plane>> {
    let most = |of: fn(&Component) -> usize| header.components.iter().map(of).max();
    let (across, down) = (most(|c| c.across)?, most(|c| c.down)?);
    let (columns, rows) = (header.width.div_ceil(8 * across), header.height.div_ceil(8 * down));
    let mut channels = Vec::with_capacity(3);
    for component in &header.components {
        // A block of a component that is sampled more coarsely covers more pixels.
        let (width, height) = (side * across / component.across, side * down / component.down);
        if width > 8 || height > 8 {
            return None;
        }
        let pitch = columns * across * side;
        let plane = Plane { pixels: vec![0; pitch * rows * down * side], pitch };
        let (runs, transform) = (Runs::new(&component.others), Transform::new(width, height, &component.steps));
        channels.push(Channel { component, runs, transform, plane, mean: 0 });
    }
    let interval = if header.restart_interval == 0 { columns * rows } else { header.restart_interval };
    let (bytes, parts) = without_stuffing(header.scan, (columns * rows).div_ceil(interval))?;
    let mut done = None;
    dispatch(Blocks {
        bytes: &bytes,
        parts: &parts,
        interval,
        columns,
        rows,
        channels: &mut channels,
        done: &mut done,
    });
    done?;
    Some(channels.into_iter().map(|channel| channel.plane).collect())
}

/// The decoding of all blocks of all components, as a kernel.
struct Blocks<'a, 'b> {
    bytes: &'a [u8],
    /// The range of each part between two restarts.
    parts: &'a [Range<usize>],
    /// MCUs per part.
    interval: usize,
    /// Columns and rows of MCUs.
    columns: usize,
    rows: usize,
    channels: &'a mut [Channel<'b>],
    done: &'a mut Option<()>,
}

impl Kernel for Blocks<'_, '_> {
    /// Compiled per instruction set: shifts by a variable number of bits and vectors of eight pixels depend on it.
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let mut parts = self.parts.iter();
        let mut bits = Bits::new(&[0; BEHIND]);
        for mcu in 0..self.columns * self.rows {
            if mcu % self.interval == 0 {
                let Some(part) = parts.next().filter(|_| is_read(&bits)) else { return };
                bits = Bits::new(&self.bytes[part.clone()]);
                self.channels.iter_mut().for_each(|channel| channel.mean = 0);
            }
            for channel in &mut *self.channels {
                if channel.read(&mut bits, mcu % self.columns, mcu / self.columns).is_none() {
                    return;
                }
            }
        }
        *self.done = (is_read(&bits) && parts.next().is_none()).then_some(());
    }
}

/// Whether the bits read are those of the part, and no more than some padding is left.
fn is_read(bits: &Bits<'_>) -> bool {
    bits.is_within() && bits.left() <= PADDING
}

/// A component being decoded.
struct Channel<'a> {
    component: &'a Component,
    runs: Runs,
    transform: Transform,
    plane: Plane,
    /// The mean of the last block; each block states its difference from it.
    mean: i32,
}

impl Channel<'_> {
    /// Decodes the blocks of one MCU.
    #[inline(always)]
    fn read(&mut self, bits: &mut Bits<'_>, column: usize, row: usize) -> Option<()> {
        let Self { component, runs, transform, plane, mean } = self;
        for y in 0..component.down {
            for x in 0..component.across {
                let at = (row * component.down + y) * transform.height * plane.pitch
                    + (column * component.across + x) * transform.width;
                *mean = mean.wrapping_add(difference(bits, &component.mean)?);
                let (codes, to) = ((&component.others, &*runs), plane.pixels.get_mut(at..)?);
                match transform.side() {
                    1 | 2 => block::<2, 4>(bits, codes, transform, *mean, to, plane.pitch)?,
                    4 => block::<4, 16>(bits, codes, transform, *mean, to, plane.pitch)?,
                    _ => block::<8, 64>(bits, codes, transform, *mean, to, plane.pitch)?,
                }
            }
        }
        Some(())
    }
}

/// The difference of a block's mean from that of the block before.
#[inline(always)]
fn difference(bits: &mut Bits<'_>, codes: &Table) -> Option<i32> {
    bits.refill();
    let word = codes.word(bits.peek())?;
    bits.skip(word.code.into());
    // A mean has no zeros before it.
    matches!(word.advance, 1 | END).then(|| bits.value(word.size.into()))
}

/// Reads the other values of a block and writes its pixels.
#[inline(always)]
fn block<const N: usize, const PIXELS: usize>(
    bits: &mut Bits<'_>,
    (codes, runs): (&Table, &Runs),
    transform: &Transform,
    mean: i32,
    to: &mut [u8],
    pitch: usize,
) -> Option<()> {
    let mut pixels = [0.0; PIXELS];
    transform.add(0, mean, &mut pixels);
    let mut at = 1;
    while at < transform.kept {
        bits.refill();
        let word = codes.word(bits.peek())?;
        bits.skip(word.code.into());
        at += usize::from(word.advance);
        if word.size > 0 {
            let value = bits.value(word.size.into());
            // A run of zeros past the end of the block is an error.
            if at > 64 {
                return None;
            }
            transform.add(at - 1, value, &mut pixels);
        }
    }
    // Of the remaining words only the lengths are needed.
    while at < 64 {
        bits.refill();
        for _ in 0..2 {
            let run = runs.run(bits.peek());
            let behind = at + usize::from(run.advance);
            // Words that may lie past the block's last value are read one by one.
            if run.bits > 0 && behind < 64 {
                bits.skip(run.bits.into());
                at = if run.is_end { usize::from(END) } else { behind };
            } else {
                let word = codes.word(bits.peek())?;
                bits.skip(word.both.into());
                at += usize::from(word.advance);
            }
            if at >= 64 {
                break;
            }
        }
    }
    if at > 64 && at < usize::from(END) {
        return None;
    }
    transform.write::<N, PIXELS>(&pixels, to, pitch);
    Some(())
}

/// The bytes of a scan up to the end of the picture, without the zeros stuffed after 0xff, and the range of each part
/// between two restarts, with [`BEHIND`] bytes of padding. `None` where the scan ends otherwise, or has more than
/// `most` parts.
fn without_stuffing(scan: &[u8], most: usize) -> Option<(Vec<u8>, Vec<Range<usize>>)> {
    const END_OF_IMAGE: u8 = 0xd9;
    let (mut bytes, mut parts) = (Vec::with_capacity(scan.len() + BEHIND), Vec::new());
    let (mut rest, mut start) = (scan, 0);
    loop {
        let at = memchr::memchr(0xff, rest)?;
        let (plain, after) = rest.split_at(at);
        bytes.extend_from_slice(plain);
        let kind = *after.get(1)?;
        match kind {
            0 => bytes.push(0xff),
            0xff => {}
            0xd0..=0xd7 | END_OF_IMAGE if parts.len() < most => {
                bytes.extend_from_slice(&[0; BEHIND]);
                parts.push(start..bytes.len());
                start = bytes.len();
            }
            _ => return None,
        }
        match kind {
            END_OF_IMAGE => return Some((bytes, parts)),
            // The first of several 0xff before a marker.
            0xff => rest = &after[1..],
            _ => rest = &after[2..],
        }
    }
}
