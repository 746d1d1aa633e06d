//! Where in a picture a face can be, as few rectangles that networks are run over.
//!
//! A picture is divided into cells. One without contrast shows no face that could be read, and most pictures with much
//! of that, such as screenshots, have it in whole rows and columns: there they are split. Rectangles too large for the
//! memory of one run are cut into tiles, which overlap so that each face is whole in one of them.

/// The side of a cell in pixels.
const CELL: u32 = 32;
/// The least difference between the lightest and the darkest value of a colour channel in a cell that shows something,
/// of 255.
const LEAST_CONTRAST: u8 = 24;
/// Empty rows or columns of cells at which a rectangle is split. One on either side stays with the parts.
const LEAST_GAP: u32 = 4;
/// The longest side of a tile in pixels.
const MOST_SIDE: u32 = 1024;
/// Pixels that neighbouring tiles share: the largest face that is sure to be whole in one of them.
pub(super) const OVERLAP: u32 = 128;

/// A rectangle of pixels, or of cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rect {
    /// Left edge.
    pub(super) x: u32,
    /// Top edge.
    pub(super) y: u32,
    /// Columns.
    pub(super) width: u32,
    /// Rows.
    pub(super) height: u32,
}

impl Rect {
    fn right(self) -> u32 {
        self.x + self.width
    }

    fn bottom(self) -> u32 {
        self.y + self.height
    }
}

/// A rectangle that a network is run over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tile {
    /// Its pixels.
    pub(super) rect: Rect,
    /// The part whose faces are its own: no pixel is in that of two tiles of one rectangle.
    pub(super) core: Rect,
}

impl Tile {
    /// Whether a face with this centre and side, in pixels of the picture, is this tile's, and whole in it: none of
    /// the tile's edges beside other tiles cuts it.
    pub(super) fn owns(&self, (x, y): (f32, f32), side: f32) -> bool {
        let axis = |at: f32, from: u32, to: u32, core_from: u32, core_to: u32| {
            let (first, last) = (core_from == from, core_to == to);
            (first || at >= core_from as f32 && at - side / 2.0 >= from as f32)
                && (last || at < core_to as f32 && at + side / 2.0 <= to as f32)
        };
        let Self { rect, core } = *self;
        axis(x, rect.x, rect.right(), core.x, core.right()) && axis(y, rect.y, rect.bottom(), core.y, core.bottom())
    }
}

/// The cells of a picture, row by row, and whether each shows anything.
pub(super) struct Cells {
    columns: u32,
    rows: u32,
    shows: Vec<bool>,
}

impl Cells {
    /// The cells of `width` x `height` pixels, interleaved RGB.
    pub(super) fn of(pixels: &[u8], width: u32, height: u32) -> Self {
        let (columns, rows) = (width.div_ceil(CELL), height.div_ceil(CELL));
        let mut shows = vec![false; (columns * rows) as usize];
        let lines = pixels.chunks_exact(3 * width.max(1) as usize);
        let mut ranges = vec![[(u8::MAX, u8::MIN); 3]; columns as usize];
        for (y, line) in lines.enumerate() {
            for (cell, ranges) in line.chunks(3 * CELL as usize).zip(&mut ranges) {
                for px in cell.chunks_exact(3) {
                    for ((least, most), &v) in ranges.iter_mut().zip(px) {
                        (*least, *most) = ((*least).min(v), (*most).max(v));
                    }
                }
            }
            let (row, is_last) = (y as u32 / CELL, y as u32 + 1 == height || (y as u32 + 1).is_multiple_of(CELL));
            if is_last {
                let cells = &mut shows[(row * columns) as usize..];
                for (shows, ranges) in cells.iter_mut().zip(&mut ranges) {
                    *shows = ranges.iter().any(|(least, most)| most.saturating_sub(*least) >= LEAST_CONTRAST);
                    *ranges = [(u8::MAX, u8::MIN); 3];
                }
            }
        }
        Self { columns, rows, shows }
    }

    fn shows(&self, column: u32, row: u32) -> bool {
        self.shows[(row * self.columns + column) as usize]
    }

    /// The tiles that together hold every cell that shows something, with a border of one cell, in a picture of
    /// `width` x `height` pixels.
    pub(super) fn tiles(&self, width: u32, height: u32) -> Vec<Tile> {
        let mut parts = Vec::new();
        self.split(Rect { x: 0, y: 0, width: self.columns, height: self.rows }, &mut parts);
        let pixels = |cells: Rect| {
            let (x, y) = (CELL * cells.x.saturating_sub(1), CELL * cells.y.saturating_sub(1));
            let (right, bottom) = (width.min(CELL * (cells.right() + 1)), height.min(CELL * (cells.bottom() + 1)));
            Rect { x, y, width: right - x, height: bottom - y }
        };
        parts.into_iter().flat_map(|cells| cut(pixels(cells))).collect()
    }

    /// Splits `cells` at its gaps, and leaves out its empty border.
    fn split(&self, cells: Rect, parts: &mut Vec<Rect>) {
        let is_empty = |column: Option<u32>, row: Option<u32>| {
            let columns = column.map_or(cells.x..cells.right(), |c| c..c + 1);
            let rows = row.map_or(cells.y..cells.bottom(), |r| r..r + 1);
            !rows.into_iter().any(|r| columns.clone().any(|c| self.shows(c, r)))
        };
        let across = runs(cells.x..cells.right(), |c| is_empty(Some(c), None));
        let down = runs(cells.y..cells.bottom(), |r| is_empty(None, Some(r)));
        if let ([(x, right)], [(y, bottom)]) = (&across[..], &down[..]) {
            parts.push(Rect { x: *x, y: *y, width: right - x, height: bottom - y });
            return;
        }
        for &(x, right) in &across {
            for &(y, bottom) in &down {
                self.split(Rect { x, y, width: right - x, height: bottom - y }, parts);
            }
        }
    }
}

/// The runs of `lines`, from and to, between gaps of at least [`LEAST_GAP`] empty ones, without empty ones at the ends.
fn runs(lines: std::ops::Range<u32>, is_empty: impl Fn(u32) -> bool) -> Vec<(u32, u32)> {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for line in lines.filter(|&line| !is_empty(line)) {
        match runs.last_mut() {
            Some((_, end)) if line - *end < LEAST_GAP => *end = line + 1,
            _ => runs.push((line, line + 1)),
        }
    }
    runs
}

/// A rectangle as tiles.
fn cut(rect: Rect) -> impl Iterator<Item = Tile> {
    let across = spans(rect.x, rect.width);
    let down = spans(rect.y, rect.height);
    down.into_iter().flat_map(move |(y, height, core_y, core_height)| {
        across.clone().into_iter().map(move |(x, width, core_x, core_width)| Tile {
            rect: Rect { x, y, width, height },
            core: Rect { x: core_x, y: core_y, width: core_width, height: core_height },
        })
    })
}

/// `length` pixels from `from` in equal spans of at most [`MOST_SIDE`], each with its core: where a span begins, its
/// length, where its core begins, and the core's length.
fn spans(from: u32, length: u32) -> Vec<(u32, u32, u32, u32)> {
    let step = MOST_SIDE - OVERLAP;
    let count = if length <= MOST_SIDE { 1 } else { length.div_ceil(step) };
    let core = length.div_ceil(count);
    let (end, half) = (from + length, OVERLAP / 2);
    let span = |i: u32| {
        let (core_from, core_to) = ((from + i * core).min(end), (from + (i + 1) * core).min(end));
        let (start, stop) = (core_from.saturating_sub(half).max(from), (core_to + half).min(end));
        let (start, stop) = if count == 1 { (from, end) } else { (start, stop) };
        (start, stop - start, core_from, core_to - core_from)
    };
    (0..count).map(span).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Grey pixels with a white square of 8 pixels in the middle of each of `busy` cells.
    fn pixels(width: u32, height: u32, busy: &[(u32, u32)]) -> Vec<u8> {
        let is_white = |x: u32, y: u32| {
            let inside = |v: u32| (12..20).contains(&(v % CELL));
            busy.contains(&(x / CELL, y / CELL)) && inside(x) && inside(y)
        };
        (0..height)
            .flat_map(|y| (0..width).map(move |x| (x, y)))
            .flat_map(|(x, y)| [if is_white(x, y) { 255 } else { 90 }; 3])
            .collect()
    }

    fn tiles(width: u32, height: u32, busy: &[(u32, u32)]) -> Vec<Tile> {
        Cells::of(&pixels(width, height, busy), width, height).tiles(width, height)
    }

    #[test]
    fn only_what_shows_something_is_searched() {
        assert_eq!(tiles(640, 320, &[]), []);
        let rects = |busy: &[(u32, u32)]| tiles(640, 320, busy).iter().map(|t| t.rect).collect::<Vec<_>>();
        assert_eq!(rects(&[(2, 3)]), [Rect { x: 32, y: 64, width: 96, height: 96 }]);
        // Two cells near each other are one rectangle, two distant ones are two.
        assert_eq!(rects(&[(2, 3), (4, 4)]), [Rect { x: 32, y: 64, width: 160, height: 128 }]);
        assert_eq!(rects(&[(0, 0), (19, 9)]).len(), 2);
        // A pattern without contrast is nothing.
        let faint: Vec<u8> = (0..3 * 64 * 64).map(|i| 100 + (i % 7) as u8).collect();
        assert!(Cells::of(&faint, 64, 64).tiles(64, 64).is_empty());
    }

    #[test]
    fn a_large_rectangle_is_cut_into_tiles_of_limited_size() {
        for length in [1, 1024, 1025, 1920, 2816, 4096, 40_000] {
            let spans = spans(7, length);
            assert!(spans.iter().all(|&(_, length, ..)| length <= MOST_SIDE), "{length}: {spans:?}");
            assert_eq!(spans.iter().map(|&(.., core)| core).sum::<u32>(), length);
            assert!(spans.windows(2).all(|two| two[0].2 + two[0].3 == two[1].2), "{length}: {spans:?}");
        }
    }

    proptest! {
        /// Every face of up to [`OVERLAP`] pixels in cells that show something belongs to one tile, and is whole in it.
        #[test]
        fn each_face_is_whole_in_one_tile(
            (width, height) in (1u32..3000, 1u32..3000),
            busy in prop::collection::vec((0u32..94, 0u32..94), 1..12),
            side in 20f32..=OVERLAP as f32,
            (right, down) in (0f32..CELL as f32, 0f32..CELL as f32),
        ) {
            let (columns, rows) = (width.div_ceil(CELL), height.div_ceil(CELL));
            let mut cells = Cells { columns, rows, shows: vec![false; (columns * rows) as usize] };
            let busy: Vec<(u32, u32)> = busy.iter().map(|&(c, r)| (c % columns, r % rows)).collect();
            for &(c, r) in &busy {
                cells.shows[(r * columns + c) as usize] = true;
            }
            let tiles = cells.tiles(width, height);
            for (c, r) in busy {
                let centre = ((c * CELL) as f32 + right, (r * CELL) as f32 + down);
                if centre.0 >= width as f32 || centre.1 >= height as f32 {
                    continue;
                }
                let is_in = |t: &&Tile| {
                    let Rect { x, y, width, height } = t.core;
                    centre.0 >= x as f32 && centre.1 >= y as f32
                        && centre.0 < (x + width) as f32 && centre.1 < (y + height) as f32
                };
                let own: Vec<_> = tiles.iter().filter(is_in).collect();
                prop_assert_eq!(own.len(), 1, "{:?} in {:?}", centre, tiles);
                prop_assert!(own[0].owns(centre, side), "{:?} {} in {:?}", centre, side, own);
            }
            prop_assert!(tiles.iter().all(|t| t.rect.right() <= width && t.rect.bottom() <= height));
            prop_assert!(tiles.iter().all(|t| t.rect.width <= MOST_SIDE && t.rect.height <= MOST_SIDE));
            let searched: u64 = tiles.iter().map(|t| u64::from(t.rect.width) * u64::from(t.rect.height)).sum();
            prop_assert!(searched <= 2 * u64::from(width) * u64::from(height));
        }
    }
}
