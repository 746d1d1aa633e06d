//! Cropping, rotation and mirroring, as a file says.

use heifer_isobmff::ItemId;
use heifer_isobmff::boxes::Property;
use image::metadata::Orientation;
use image::{DynamicImage, GrayImage};

use super::Fault;
use super::container::Container;

/// What is done to the pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Step {
    /// Numerators and denominators: width, height, and the offset of the middle by column and by row.
    Crop {
        size: [(u32, u32); 2],
        offset: [(i32, u32); 2],
    },
    Turn(Orientation),
}

/// The steps of an item, in the order of the file: at most one of each kind.
pub(super) fn steps(container: &Container<'_>, id: ItemId) -> Result<Vec<Step>, Fault> {
    let of_kind = |is_it: fn(&Property) -> bool| container.properties(id).filter(|property| is_it(property)).count();
    let most = of_kind(|p| matches!(p, Property::CleanAperture { .. }))
        .max(of_kind(|p| matches!(p, Property::Rotation(_))))
        .max(of_kind(|p| matches!(p, Property::Mirror(_))));
    if most > 1 {
        return Err(Fault::Broken("it crops, turns or mirrors a picture twice"));
    }
    let step = |property: &Property| match *property {
        Property::CleanAperture { width, height, horiz_offset, vert_offset } => {
            Some(Step::Crop { size: [width, height], offset: [horiz_offset, vert_offset] })
        }
        // Quarters of a turn against the clock.
        Property::Rotation(1) => Some(Step::Turn(Orientation::Rotate270)),
        Property::Rotation(2) => Some(Step::Turn(Orientation::Rotate180)),
        Property::Rotation(3) => Some(Step::Turn(Orientation::Rotate90)),
        Property::Mirror(true) => Some(Step::Turn(Orientation::FlipVertical)),
        Property::Mirror(false) => Some(Step::Turn(Orientation::FlipHorizontal)),
        _ => None,
    };
    Ok(container.properties(id).filter_map(step).collect())
}

/// All turns as one.
pub(super) fn orientation(steps: &[Step]) -> Orientation {
    let corners = || GrayImage::from_fn(2, 2, |x, y| image::Luma([(x + 2 * y) as u8]));
    let turned = |turns: &mut dyn Iterator<Item = Orientation>| {
        let mut image = DynamicImage::from(corners());
        turns.for_each(|turn| image.apply_orientation(turn));
        image.into_luma8()
    };
    let wanted = turned(&mut steps.iter().filter_map(|step| match step {
        Step::Turn(turn) => Some(*turn),
        Step::Crop { .. } => None,
    }));
    let all = (1..=8).filter_map(Orientation::from_exif);
    all.into_iter().find(|&one| turned(&mut std::iter::once(one)) == wanted).unwrap_or(Orientation::NoTransforms)
}

/// Does the steps.
pub(super) fn apply(steps: &[Step], mut image: DynamicImage) -> Result<DynamicImage, Fault> {
    for step in steps {
        match step {
            Step::Turn(turn) => image.apply_orientation(*turn),
            Step::Crop { size, offset } => {
                let sides = [image.width(), image.height()];
                let range = |axis: usize| range(sides[axis], size[axis], offset[axis]);
                let found = range(0).zip(range(1)).ok_or(Fault::Broken("its crop is not within the picture"))?;
                let ((left, width), (top, height)) = found;
                image = image.crop_imm(left, top, width, height);
            }
        }
    }
    Ok(image)
}

/// Where the crop begins and how long it is, on one axis.
fn range(side: u32, (size, size_unit): (u32, u32), (offset, offset_unit): (i32, u32)) -> Option<(u32, u32)> {
    if size_unit == 0 || offset_unit == 0 {
        return None;
    }
    let size = f64::from(size) / f64::from(size_unit);
    let middle = f64::from(offset) / f64::from(offset_unit) + (f64::from(side) - 1.0) / 2.0;
    let (start, length) = ((middle - (size - 1.0) / 2.0).round(), size.round());
    (start >= 0.0 && length >= 1.0 && start + length <= f64::from(side)).then_some((start as u32, length as u32))
}
