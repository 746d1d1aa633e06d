//! A picture, or its transparency, as tiles: where each lies, and how they are decoded.

use heifer_isobmff::ItemId;
use heifer_isobmff::boxes::Grid;

use super::Fault;
use super::canvas::Canvas;
use super::coded::{self, Codec, Outline};
use super::container::Container;
use super::planes::{Coding, Sample};
use crate::imaging::av1::Worker;

/// Coded pixels per pixel of a grid: tiles of the least side that standards allow, 64, are coded as 128.
const MOST_CODED: u64 = 4;
/// Coded pixels that a grid of any size may have.
const SMALL_GRID: u64 = 1 << 20;

/// What of the coded samples is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Colour,
    /// Luma of pictures without colour.
    Grey,
    /// Luma of any picture, as transparency is stored.
    Luma,
}

/// Coded pictures side by side; one where the picture is coded whole.
pub(super) struct Layer {
    pub(super) codec: Codec,
    /// Columns and rows of pixels.
    pub(super) size: (u32, u32),
    /// Columns of tiles.
    columns: usize,
    tile: (u32, u32),
    /// By rows.
    tiles: Vec<ItemId>,
    coding: Option<Coding>,
    pub(super) outline: Outline,
}

impl Layer {
    /// The layer of an item that is coded or a grid.
    pub(super) fn of(container: &Container<'_>, id: ItemId) -> Result<Self, Fault> {
        const NO_SIZE: Fault = Fault::Broken("a picture does not say its size");
        container.check_understood(id)?;
        let coding = coded::stated_coding(container, id);
        if let Some(codec) = Codec::of(container.kind(id)?)? {
            let size = container.size(id).filter(|size| size.0 > 0 && size.1 > 0).ok_or(NO_SIZE)?;
            let outline = coded::outline(container, id, codec)?;
            return Ok(Self { codec, size, columns: 1, tile: size, tiles: vec![id], coding, outline });
        }
        let grid = Grid::parse(&container.data(id)?.bytes)?;
        let (columns, rows) = (u32::from(grid.columns), u32::from(grid.rows));
        let size = (grid.output_width, grid.output_height);
        let tiles = container.referenced(id, *b"dimg").to_vec();
        let Some(&first) = tiles.first() else { return Err(Fault::Broken("its grid has no tiles")) };
        let tile = container.size(first).ok_or(NO_SIZE)?;
        // The tiles cover the picture, and none lies outside of it.
        let fits = |side: u32, tile: u32, count: u32| tile > 0 && side > 0 && side.div_ceil(tile) == count;
        if !fits(size.0, tile.0, columns) || !fits(size.1, tile.1, rows) || tiles.len() != (columns * rows) as usize {
            return Err(Fault::Broken("the tiles of its grid do not cover it"));
        }
        let coded = coded::padded(tile) * tiles.len() as u64;
        if coded > MOST_CODED * u64::from(size.0) * u64::from(size.1) + SMALL_GRID {
            return Err(Fault::Broken("the tiles of its grid are too small"));
        }
        let codec = Codec::of(container.kind(first)?)?.ok_or(Fault::Broken("a grid is a tile of another"))?;
        for &id in &tiles {
            container.check_understood(id)?;
            if Codec::of(container.kind(id)?)? != Some(codec) || container.size(id) != Some(tile) {
                return Err(Fault::Broken("the tiles of its grid differ"));
            }
        }
        let outline = coded::outline(container, first, codec)?;
        Ok(Self { codec, size, columns: columns as usize, tile, tiles, coding, outline })
    }

    /// The first coded item.
    pub(super) fn first(&self) -> ItemId {
        self.tiles.first().copied().unwrap_or_default()
    }

    /// Whether it can be halved this often: a tile that leaves pixels over would shift those behind it.
    pub(super) fn can_halve(&self, halvings: u32) -> bool {
        self.tiles.len() == 1 || (self.tile.0 | self.tile.1).is_multiple_of(1 << halvings)
    }

    /// Bytes that the samples of one tile take while it is decoded.
    pub(super) fn memory(&self) -> u64 {
        // Three planes of sixteen bits, and what a decoder keeps of each block.
        u64::from(self.tile.0) * u64::from(self.tile.1) * 8
    }

    /// Decodes all tiles, and says whether none is missing. Where one is, pixels are black.
    ///
    /// # Errors
    /// Where nothing can be decoded.
    pub(super) fn read<T: Sample>(
        &self,
        container: &Container<'_>,
        content: Content,
        halvings: u32,
        worker: &mut Option<Worker>,
    ) -> Result<(Canvas<T>, bool), Fault> {
        let side = |side: u32| (side >> halvings) as usize;
        let channels = if content == Content::Colour { 3 } else { 1 };
        let mut canvas = Canvas::new((side(self.size.0).max(1), side(self.size.1).max(1)), channels);
        let (mut is_complete, mut fault, mut found) = (true, None, false);
        for (index, &id) in self.tiles.iter().enumerate() {
            let at = (index % self.columns * side(self.tile.0), index / self.columns * side(self.tile.1));
            let decoded = coded::decode(container, id, self.codec, self.tile, self.coding, worker).and_then(|coded| {
                if content != Content::Luma && coded.planes.has_colour() != (content == Content::Colour) {
                    return Err(Fault::Broken("its pictures differ from what it says of their colours"));
                }
                canvas.put(&coded.planes, at, halvings)?;
                Ok(coded.is_complete)
            });
            match decoded {
                Ok(is_whole) => (is_complete, found) = (is_complete && is_whole, true),
                Err(error) => (is_complete, fault) = (false, fault.or(Some(error))),
            }
        }
        match fault {
            Some(fault) if !found => Err(fault),
            _ => Ok((canvas, is_complete)),
        }
    }
}
