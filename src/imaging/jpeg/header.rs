//! The header of a JPEG: sizes, sampling and tables, up to the scan.

use super::huffman::Table;
use super::segments::{Reader, marker};
use super::tables;

/// A file with one plain scan.
pub(super) struct Header<'a> {
    /// Columns, at least one.
    pub(super) width: usize,
    /// Rows, at least one.
    pub(super) height: usize,
    /// Grey, or Y, Cb and Cr.
    pub(super) components: Vec<Component>,
    /// MCUs between two restart markers; zero where there are no markers.
    pub(super) restart_interval: usize,
    /// The bytes after the scan's header.
    pub(super) scan: &'a [u8],
}

/// One component of a scan, with a copy of its tables.
pub(super) struct Component {
    /// Blocks per MCU, across and down: 1, 2 or 4.
    pub(super) across: usize,
    pub(super) down: usize,
    /// Quantisation steps, in the order of the file.
    pub(super) steps: [u16; 64],
    /// Codes of the means (DC).
    pub(super) mean: Table,
    /// Codes of all other values (AC).
    pub(super) others: Table,
}

/// The tables defined so far; each may be replaced until the scan begins.
#[derive(Default)]
struct Tables {
    steps: [Option<[u16; 64]>; 4],
    means: [Option<Table>; 4],
    others: [Option<Table>; 4],
    restart_interval: usize,
}

impl<'a> Header<'a> {
    /// Reads up to the scan; `None` where the file is not plain.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut file = Reader(bytes.strip_prefix(&marker::BEGIN)?);
        let (mut tables, mut frame) = (Tables::default(), None);
        loop {
            if file.byte()? != 0xff {
                return None;
            }
            let mut kind = file.byte()?;
            while kind == 0xff {
                kind = file.byte()?;
            }
            let mut segment = file.segment()?;
            match kind {
                marker::BASELINE | marker::EXTENDED if frame.is_none() => frame = Some(Frame::read(&mut segment)?),
                marker::HUFFMAN => tables.read_codes(&mut segment)?,
                marker::QUANTISATION => tables.read_steps(&mut segment)?,
                marker::RESTART_INTERVAL => tables.restart_interval = usize::from(segment.word()?),
                marker::SCAN => return frame?.scan(&mut segment, &tables, file.0),
                // Adobe's marker with colours other than YCbCr.
                marker::ADOBE if segment.0.starts_with(b"Adobe") && segment.0.get(11) != Some(&1) => return None,
                marker::FIRST_APPLICATION..=marker::LAST_APPLICATION | marker::COMMENT => {}
                // Frames of other kinds, several frames, arithmetic codes, unknown markers.
                _ => return None,
            }
        }
    }
}

impl Tables {
    fn read_steps(&mut self, segment: &mut Reader<'_>) -> Option<()> {
        while !segment.0.is_empty() {
            let (at, steps) = tables::steps(segment)?;
            *self.steps.get_mut(at)? = Some(steps);
        }
        Some(())
    }

    fn read_codes(&mut self, segment: &mut Reader<'_>) -> Option<()> {
        while !segment.0.is_empty() {
            let tables::Definition { class, at, counts, values } = tables::definition(segment)?;
            let codes = Some(Table::new(counts, values)?);
            *[&mut self.means, &mut self.others].into_iter().nth(class)?.get_mut(at)? = codes;
        }
        Some(())
    }
}

/// The frame header: sizes and sampling.
struct Frame {
    width: usize,
    height: usize,
    /// Identifier, blocks across and down, number of the quantisation table.
    components: Vec<(u8, u8, u8, u8)>,
}

impl Frame {
    fn read(segment: &mut Reader<'_>) -> Option<Self> {
        let bits = segment.byte()?;
        let (height, width, n) = (segment.word()?, segment.word()?, segment.byte()?);
        // A height of zero would be defined after the scan.
        if bits != 8 || width == 0 || height == 0 || !matches!(n, 1 | 3) {
            return None;
        }
        let mut components = Vec::with_capacity(3);
        for _ in 0..n {
            let (id, (across, down), table) = (segment.byte()?, segment.halves()?, segment.byte()?);
            if ![across, down].iter().all(|blocks| matches!(blocks, 1 | 2 | 4)) {
                return None;
            }
            components.push((id, across, down, table));
        }
        if components.iter().map(|c| c.0).eq(*b"RGB") {
            return None;
        }
        Some(Self { width: width.into(), height: height.into(), components })
    }

    /// The scan of all components; `None` where it holds some of the components or frequencies only.
    fn scan<'a>(self, segment: &mut Reader<'_>, tables: &Tables, scan: &'a [u8]) -> Option<Header<'a>> {
        if usize::from(segment.byte()?) != self.components.len() {
            return None;
        }
        let alone = self.components.len() == 1;
        let mut components = Vec::with_capacity(3);
        for (id, across, down, table) in self.components {
            let (scanned, (mean, others)) = (segment.byte()?, segment.halves()?);
            if scanned != id {
                return None;
            }
            let steps = (*tables.steps.get(usize::from(table))?)?;
            let mean = tables.means.get(usize::from(mean))?.clone()?;
            let others = tables.others.get(usize::from(others))?.clone()?;
            // A single component is not interleaved: its blocks come row by row, whatever its sampling.
            let blocks = |n: u8| if alone { 1 } else { usize::from(n) };
            components.push(Component { across: blocks(across), down: blocks(down), steps, mean, others });
        }
        let whole = segment.take(3)? == [0, 63, 0];
        let Tables { restart_interval, .. } = *tables;
        let Self { width, height, .. } = self;
        whole.then_some(Header { width, height, components, restart_interval, scan })
    }
}
