//! The frame header, and what the other segments say before any pixel is decoded.

use super::segments::{Reader, Segments, marker};

/// The most components, and scans, of a picture.
const MAX_COMPONENTS: u8 = 4;
pub(super) const MAX_SCANS: usize = 100;

/// Sizes and sampling.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// Columns, at least one.
    pub(crate) width: u16,
    /// Rows, at least one.
    pub(crate) height: u16,
    pub(super) is_progressive: bool,
    /// One, three or four.
    pub(super) components: Vec<Sampling>,
}

/// A component of the frame.
#[derive(Clone, Debug)]
pub(super) struct Sampling {
    pub(super) id: u8,
    /// Blocks per MCU, 1 to 4 across and down.
    pub(super) across: usize,
    pub(super) down: usize,
    /// The number of its quantisation table.
    pub(super) table: usize,
}

/// What the components mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colours {
    Grey,
    YCbCr,
    Rgb,
    /// Four inks, stored inverted, as Adobe's programs do.
    Inks,
    /// The same, the first three as luma and two colours.
    YccInks,
}

/// A JPEG by its segments.
#[derive(Debug)]
pub(crate) struct Outline<'a> {
    pub(crate) frame: Frame,
    pub(crate) colours: Colours,
    /// Exif data, from the byte order on.
    pub(crate) exif: Option<&'a [u8]>,
    /// Whether the file has parts of an ICC profile.
    pub(crate) has_profile: bool,
    /// The number of scans.
    pub(super) scans: usize,
    /// Components of the first scan.
    pub(super) scanned: usize,
    /// Whether there is a restart interval.
    pub(super) has_restarts: bool,
    /// Whether the file defines Huffman codes.
    pub(super) has_codes: bool,
    /// The offset after the first scan's data.
    pub(super) end: usize,
}

impl Frame {
    /// Reads a frame header; otherwise says what keeps the picture from being decoded.
    fn read(kind: u8, body: &[u8]) -> Result<Self, &'static str> {
        const BROKEN: &str = "its frame header is broken";
        match kind {
            marker::LOSSLESS => return Err("it is a lossless JPEG, which is not supported"),
            marker::FIRST_HIERARCHICAL..=marker::RESERVED => {
                return Err("it is a hierarchical JPEG, which is not supported");
            }
            marker::FIRST_ARITHMETIC..=marker::LAST_ARITHMETIC => {
                return Err("its codes are arithmetic, which is not supported");
            }
            _ => {}
        }
        let mut segment = Reader(body);
        let mut fields = || Some((segment.byte()?, segment.word()?, segment.word()?, segment.byte()?));
        let (bits, height, width, n) = fields().ok_or(BROKEN)?;
        if bits != 8 {
            return Err("it does not have eight bits per channel, which is not supported");
        }
        if height == 0 || width == 0 {
            return Err("its header states no size");
        }
        if !matches!(n, 1 | 3 | MAX_COMPONENTS) {
            return Err("it has neither one, three nor four channels");
        }
        let mut components = Vec::with_capacity(n.into());
        for _ in 0..n {
            let mut fields = || Some((segment.byte()?, segment.halves()?, segment.byte()?));
            let (id, (across, down), table) = fields().ok_or(BROKEN)?;
            if !(1..=4).contains(&across) || !(1..=4).contains(&down) {
                return Err("its sampling factors are not allowed");
            }
            components.push(Sampling { id, across: across.into(), down: down.into(), table: table.into() });
        }
        if let [alone] = &mut components[..] {
            // Its blocks come row by row, whatever its sampling.
            (alone.across, alone.down) = (1, 1);
        }
        Ok(Self { width, height, is_progressive: kind == marker::PROGRESSIVE, components })
    }

    /// The largest sampling factors, across and down.
    pub(super) fn most(&self) -> (usize, usize) {
        let most = |of: fn(&Sampling) -> usize| self.components.iter().map(of).max().unwrap_or(1);
        (most(|c| c.across), most(|c| c.down))
    }
}

impl<'a> Outline<'a> {
    /// Reads every segment; otherwise says what keeps the picture from being decoded.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, &'static str> {
        let mut segments = Segments::new(bytes).ok_or("it does not begin as a JPEG")?;
        let (mut frame, mut jfif, mut adobe, mut exif) = (None, false, None, None);
        let (mut has_profile, mut has_restarts, mut has_codes) = (false, false, false);
        let (mut scans, mut scanned, mut end) = (0, 0, 0);
        while let Some(segment) = segments.next() {
            let body = segment.body;
            match segment.kind {
                marker::HUFFMAN => has_codes = true,
                marker::ARITHMETIC_CONDITIONING => {}
                marker::BASELINE..=marker::LAST_ARITHMETIC => {
                    let before = frame.replace(Frame::read(segment.kind, body)?);
                    if before.is_some() {
                        return Err("it has several frames");
                    }
                }
                marker::SCAN => {
                    scans += 1;
                    if scans == 1 {
                        (scanned, end) = (body.first().copied().unwrap_or(0).into(), segments.offset());
                    }
                }
                marker::RESTART_INTERVAL => has_restarts |= body.iter().any(|&b| b > 0),
                marker::JFIF => jfif |= body.starts_with(b"JFIF\0"),
                marker::EXIF => exif = exif.or(body.strip_prefix(b"Exif\0\0")),
                marker::PROFILE => has_profile |= body.starts_with(PROFILE),
                marker::ADOBE if body.starts_with(b"Adobe") => adobe = body.get(11).copied(),
                _ => {}
            }
        }
        let frame = frame.ok_or("it has no frame")?;
        if scans == 0 {
            return Err("it has no scan");
        }
        if scans > MAX_SCANS {
            return Err("it has too many scans");
        }
        let colours = colours(&frame, jfif, adobe);
        Ok(Self { frame, colours, exif, has_profile, scans, scanned, has_restarts, has_codes, end })
    }

    /// The ICC profile; `None` where parts of it are missing, or where it is larger than `most` bytes.
    pub(crate) fn profile(bytes: &'a [u8], most: usize) -> Option<Vec<u8>> {
        let of = |s: super::segments::Segment<'a>| (s.kind == marker::PROFILE).then_some(s.body);
        // Every part states its number, from one, and how many there are.
        let mut parts: Vec<&[u8]> =
            Segments::new(bytes)?.filter_map(of).filter_map(|body| body.strip_prefix(PROFILE)).collect();
        parts.sort_by_key(|part| part.first().copied());
        let is_numbered = |(i, part): (usize, &&[u8])| {
            part.len() > 2 && usize::from(part[0]) == i + 1 && usize::from(part[1]) == parts.len()
        };
        let size: usize = parts.iter().map(|part| part.len()).sum();
        if size > most || !parts.iter().enumerate().all(is_numbered) {
            return None;
        }
        Some(parts.iter().flat_map(|part| &part[2..]).copied().collect())
    }
}

/// The beginning of a segment with a part of an ICC profile.
const PROFILE: &[u8] = b"ICC_PROFILE\0";

/// What the components mean, as libjpeg reads it from the markers and the components' names.
fn colours(frame: &Frame, jfif: bool, adobe: Option<u8>) -> Colours {
    match (frame.components.len(), adobe) {
        (1, _) => Colours::Grey,
        (4, Some(2)) => Colours::YccInks,
        (4, _) => Colours::Inks,
        _ if jfif => Colours::YCbCr,
        (_, Some(0)) => Colours::Rgb,
        (_, None) if frame.components.iter().map(|c| c.id).eq(*b"RGB") => Colours::Rgb,
        _ => Colours::YCbCr,
    }
}
