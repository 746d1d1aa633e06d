//! The boxes of a HEIF file: items, their properties, the references between them, and their bytes.
//!
//! An item has at most 255 properties, and every walk is over boxes that are there or over an item's properties. So the
//! cost is bounded by the size of the file.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;

use heifer_isobmff::boxes::{
    ColorInfo, ConstructionMethod, Extent, ItemLocation, ItemReference, Property, parse_item_infos,
    parse_item_locations, parse_item_references, parse_primary_item, parse_property_associations,
    parse_property_container,
};
use heifer_isobmff::{BoxIter, ItemId, read_box_header};

use super::Fault;

/// The largest index of items and properties that is read, in bytes. Most of a large one is a colour profile.
const MAX_INDEX: usize = 8 << 20;
/// Bytes of items that may be read of the smallest file.
const SPARE: usize = 64 << 10;
/// The types of properties that are read, or that change nothing of how the picture is shown.
const READ: [&[u8; 4]; 14] = [
    b"a1op", b"av1C", b"hvcC", b"ispe", b"colr", b"pixi", b"irot", b"imir", b"clap", b"auxC", b"lsel", b"a1lx",
    b"pasp", b"rloc",
];

/// A file by its boxes.
pub(super) struct Container<'a> {
    bytes: &'a [u8],
    idat: &'a [u8],
    /// The item to show.
    pub(super) primary: ItemId,
    types: HashMap<ItemId, [u8; 4]>,
    properties: Vec<Property>,
    associations: HashMap<ItemId, Vec<(usize, bool)>>,
    locations: HashMap<ItemId, ItemLocation>,
    references: Vec<ItemReference>,
    /// Bytes of items and of their configuration that may still be read: tiles may share them, but not without end.
    budget: Cell<usize>,
}

/// The bytes of an item.
pub(super) struct Data<'a> {
    pub(super) bytes: Cow<'a, [u8]>,
    /// Whether the file ends before the item does.
    pub(super) is_cut: bool,
}

impl<'a> Container<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Fault> {
        let top = TopLevel::read(bytes);
        if top.frames > 1 {
            return Err(Fault::Sequence { frames: top.frames });
        }
        let index = top.index.ok_or(Fault::Broken("it has no index of pictures, or the file is cut within it"))?;
        if index.len() > MAX_INDEX {
            return Err(Fault::Broken("its index is too large"));
        }
        let mut container = Self {
            bytes,
            idat: &[],
            primary: 0,
            types: HashMap::new(),
            properties: Vec::new(),
            associations: HashMap::new(),
            locations: HashMap::new(),
            references: Vec::new(),
            budget: Cell::new(bytes.len().saturating_mul(2).saturating_add(SPARE)),
        };
        let mut primary = None;
        for found in BoxIter::new(index) {
            let found = found?;
            match &found.header.box_type.0 {
                b"pitm" => primary = Some(parse_primary_item(found.content)?),
                b"idat" => container.idat = found.content,
                b"iloc" => {
                    check_places(found.content)?;
                    let all = parse_item_locations(found.content)?;
                    container.locations.extend(all.into_iter().map(|location| (location.id, location)));
                }
                b"iinf" => {
                    let all = parse_item_infos(found.content)?;
                    container.types.extend(all.into_iter().map(|item| (item.id, item.item_type.0)));
                }
                b"iref" => container.references.extend(parse_item_references(found.content)?),
                b"iprp" => container.read_properties(found.content)?,
                _ => {}
            }
        }
        container.primary = primary.ok_or(Fault::Broken("it does not say which picture to show"))?;
        Ok(container)
    }

    fn read_properties(&mut self, content: &[u8]) -> Result<(), Fault> {
        for found in BoxIter::new(content) {
            let found = found?;
            match &found.header.box_type.0 {
                b"ipco" => self.properties = parse_property_container(found.content)?,
                b"ipma" => {
                    for (id, all) in parse_property_associations(found.content)? {
                        let all = all.into_iter().map(|a| (usize::from(a.index), a.essential)).collect();
                        if self.associations.insert(id, all).is_some() {
                            return Err(Fault::Broken("it lists the properties of a picture twice"));
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes bytes that are about to be decoded from those that may be.
    ///
    /// # Errors
    /// Where none are left.
    pub(super) fn spend(&self, bytes: usize) -> Result<(), Fault> {
        let left = self.budget.get().checked_sub(bytes);
        self.budget.set(left.ok_or(Fault::Broken("its pictures have more data than the file"))?);
        Ok(())
    }

    /// The type of an item.
    pub(super) fn kind(&self, id: ItemId) -> Result<[u8; 4], Fault> {
        self.types.get(&id).copied().ok_or(Fault::Broken("it names a picture that is not there"))
    }

    /// The properties of an item, in the order of the file.
    pub(super) fn properties(&self, id: ItemId) -> impl Iterator<Item = &Property> {
        self.associated(id).map(|(property, _)| property)
    }

    /// Properties with whether a reader must understand them.
    fn associated(&self, id: ItemId) -> impl Iterator<Item = (&Property, bool)> {
        let all = self.associations.get(&id).map_or(&[][..], Vec::as_slice);
        // Index 0 means none.
        all.iter().filter_map(|&(index, must)| Some((self.properties.get(index.checked_sub(1)?)?, must)))
    }

    /// Refuses an item that must not be shown by who does not understand one of its properties.
    pub(super) fn check_understood(&self, id: ItemId) -> Result<(), Fault> {
        let is_read = |property: &Property| match property {
            Property::Unknown(kind, _) => READ.contains(&&kind.0),
            _ => true,
        };
        if self.associated(id).any(|(property, must)| must && !is_read(property)) {
            Err(Fault::Broken("it has a property that is not read"))
        } else {
            Ok(())
        }
    }

    /// Columns and rows of an item, as it is stored.
    pub(super) fn size(&self, id: ItemId) -> Option<(u32, u32)> {
        self.properties(id).find_map(|property| match property {
            Property::ImageSize { width, height } => Some((*width, *height)),
            _ => None,
        })
    }

    /// What a property `colr` says, whichever of the two kinds `read` picks.
    pub(super) fn colour<'s, T>(&'s self, id: ItemId, read: impl Fn(&'s ColorInfo) -> Option<T>) -> Option<T> {
        self.properties(id).find_map(|property| match property {
            Property::Color(colour) => read(colour),
            _ => None,
        })
    }

    /// The items to which `id` points by references of a kind.
    pub(super) fn referenced(&self, id: ItemId, kind: [u8; 4]) -> &[ItemId] {
        let found = self.references.iter().find(|r| r.from == id && r.ref_type.0 == kind);
        found.map_or(&[], |reference| &reference.to)
    }

    /// The items that point to `id` by references of a kind.
    pub(super) fn referencing(&self, id: ItemId, kind: [u8; 4]) -> impl Iterator<Item = ItemId> {
        let points = move |r: &&ItemReference| r.ref_type.0 == kind && r.to.contains(&id);
        self.references.iter().filter(points).map(|reference| reference.from)
    }

    /// The bytes of an item, so far as they are in the file.
    pub(super) fn data(&self, id: ItemId) -> Result<Data<'a>, Fault> {
        let location = self.locations.get(&id).ok_or(Fault::Broken("a picture has no data"))?;
        let source = match location.construction_method {
            ConstructionMethod::File => self.bytes,
            ConstructionMethod::Idat => self.idat,
            ConstructionMethod::Item => return Err(Fault::Broken("its data is put together from other items")),
        };
        let mut parts = location.extents.iter().map(|extent| part(source, extent));
        let (bytes, is_cut) = match (parts.next(), location.extents.len()) {
            (None, _) => return Err(Fault::Broken("a picture has no data")),
            (Some((bytes, is_cut)), 1) => (Cow::Borrowed(bytes), is_cut),
            (Some((first, mut is_cut)), _) => {
                let mut all = first.to_vec();
                for (bytes, is_part_cut) in parts {
                    if is_cut || all.len() + bytes.len() > self.budget.get() {
                        is_cut = true;
                        break;
                    }
                    all.extend_from_slice(bytes);
                    is_cut = is_part_cut;
                }
                (Cow::Owned(all), is_cut)
            }
        };
        self.spend(bytes.len())?;
        Ok(Data { bytes, is_cut })
    }
}

/// Refuses extents that take no bytes in the list of places: a short file could state any number of them, and the parser
/// allocates for each.
fn check_places(list: &[u8]) -> Result<(), Fault> {
    // Version and flags, then the bytes of offsets, lengths, base offsets and indices, four bits each.
    let Some([version, _, _, _, offset_length, base_index]) = list.first_chunk() else { return Ok(()) };
    let index = if *version > 0 { base_index & 15 } else { 0 };
    if *offset_length == 0 && index == 0 {
        Err(Fault::Broken("it does not say where the data of its pictures is"))
    } else {
        Ok(())
    }
}

/// The bytes of an extent that are in the source, and whether some are not.
fn part<'s>(source: &'s [u8], extent: &Extent) -> (&'s [u8], bool) {
    let start = usize::try_from(extent.offset).unwrap_or(usize::MAX).min(source.len());
    let there = &source[start..];
    match usize::try_from(extent.length).unwrap_or(usize::MAX) {
        // Up to the end.
        0 => (there, there.is_empty()),
        length => (&there[..length.min(there.len())], length > there.len()),
    }
}

/// The boxes of the file itself.
struct TopLevel<'a> {
    /// The content of the box with the index.
    index: Option<&'a [u8]>,
    /// The most pictures of a track; 0 where there are no tracks.
    frames: u32,
}

impl<'a> TopLevel<'a> {
    /// Bytes that are no box, as phones append them, end the walk.
    fn read(bytes: &'a [u8]) -> Self {
        let (mut found, mut rest) = (Self { index: None, frames: 0 }, bytes);
        while let Ok(header) = read_box_header(rest) {
            let size = header.size.and_then(|size| usize::try_from(size).ok());
            let (Ok(start), end) = (usize::try_from(header.header_size), size.unwrap_or(rest.len())) else { break };
            let Some(content) = rest.get(start..end) else { break };
            match &header.box_type.0 {
                // Version and flags come first.
                b"meta" if found.index.is_none() => found.index = content.get(4..),
                b"moov" => found.frames = found.frames.max(frames(content, 0)),
                _ => {}
            }
            rest = &rest[end..];
        }
        found
    }
}

/// The most samples of a track among these boxes.
fn frames(content: &[u8], depth: u32) -> u32 {
    const DEEPEST: u32 = 4;
    let each = BoxIter::new(content).map_while(Result::ok).map(|found| match &found.header.box_type.0 {
        b"trak" | b"mdia" | b"minf" | b"stbl" if depth < DEEPEST => frames(found.content, depth + 1),
        // Version and flags, one size for all, and the number of samples.
        b"stsz" => found.content.get(8..).and_then(|rest| rest.first_chunk()).map_or(0, |n| u32::from_be_bytes(*n)),
        _ => 0,
    });
    each.max().unwrap_or(0)
}
