//! The face sampled once as an aligned colour patch, and readings over small discs of it: colour, detail, noise.

use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer, images::Image as Resized};
use image::RgbImage;

use super::colour::{Lab, linear, trimmed};
use crate::face::{CropPlan, HeadFrame, MESH_POINTS, Mesh, index};
use crate::imaging::{Affine, Patch, Point, Pyramid};

/// The patch's side in pixels.
const SIDE: u32 = 160;
/// The side of the patch in outer-canthal widths: the face, a rim around it, and the upper neck.
const SPAN: f32 = 2.7;
/// A picture is shrunk first where one pixel of the patch covers more than this many of its pixels.
const SHRINK_FROM: f32 = 1.3;
/// The radius of the face around its centre, in pixels of the patch.
const FACE: f32 = 48.0;
/// The value from which on a channel may be clipped, 0..=255.
const CLIPPED: f32 = 250.0;
/// Fewer pixels of the face say nothing of its colour.
const FEW: usize = 500;
/// Levels of lightness at which colours are compared.
const LEVELS: usize = 50;
/// The least deviation of a* and b* among pixels of one lightness for a face in colour (docs/attributes.md).
const COLOURED: f32 = 1.8;

/// A disc of the patch, in pixels of the patch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Disc {
    pub(super) centre: Point,
    pub(super) radius: f32,
}

/// The aligned patch: eyes level, the outer-canthal width [`SIDE`] / [`SPAN`] pixels.
pub(super) struct Surface {
    patch: Patch,
    luma: Vec<f32>,
    /// The mesh in pixels of the patch.
    points: Vec<Point>,
    /// Whether each pixel lies outside the picture, where the patch is black.
    outside: Vec<bool>,
}

impl Surface {
    /// Samples the face of `mesh`.
    pub(super) fn sample(image: &Pyramid, mesh: &Mesh) -> Self {
        let plan = Plan::of(mesh);
        let map = Affine::output_to_source(plan.centre, plan.scale, plan.roll, SIDE);
        let patch = match shrunk(image, &plan) {
            Some((small, to_small)) => Patch::sample(&small.into(), &after(&map, &to_small), SIDE, SIDE),
            None => Patch::sample(image, &map, SIDE, SIDE),
        };
        let points = (0..MESH_POINTS).map(|i| plan.to_crop(mesh.at(i))).collect();
        let (w, h) = (image.width() as f32, image.height() as f32);
        let outside = (0..SIDE * SIDE)
            .map(|i| {
                let p = map.apply(Point::new((i % SIDE) as f32 + 0.5, (i / SIDE) as f32 + 0.5));
                p.x < 0.0 || p.y < 0.0 || p.x > w || p.y > h
            })
            .collect();
        let luma = patch.luma();
        Self { patch, luma, points, outside }
    }

    /// Mesh point `i` in pixels of the patch.
    pub(super) fn at(&self, i: usize) -> Point {
        self.points.get(i).copied().unwrap_or_default()
    }

    /// The disc around the mean of some mesh points; `radius` in pixels of the patch.
    pub(super) fn disc(&self, points: &[usize], radius: f32) -> Disc {
        let n = points.len().max(1) as f32;
        let sum = points.iter().fold((0.0, 0.0), |(x, y), &i| (x + self.at(i).x, y + self.at(i).y));
        Disc { centre: Point::new(sum.0 / n, sum.1 / n), radius }
    }

    /// The centres of both cheeks.
    pub(super) fn cheeks(&self) -> [Disc; 2] {
        [self.disc(&[50, 205, 36], 6.0), self.disc(&[280, 425, 266], 6.0)]
    }

    /// The centre of the forehead.
    pub(super) fn forehead(&self) -> Disc {
        self.disc(&[151], 5.0)
    }

    /// The front of the chin.
    pub(super) fn chin(&self) -> Disc {
        self.disc(&[199], 4.0)
    }

    /// The trimmed colour of the discs together; `None` where too few of their pixels lie in the picture.
    pub(super) fn colour(&self, discs: &[Disc]) -> Option<Lab> {
        trimmed(self.pixels(discs).map(|i| [0, 1, 2].map(|c| self.patch.data[3 * i + c])).collect())
    }

    /// Whether the face is in colour. In a grey or toned picture, colour follows from lightness alone: among pixels of
    /// one lightness, a* and b* hardly vary. `true` where too little of the face is in the picture.
    pub(super) fn in_colour(&self) -> bool {
        let all: Vec<usize> = (0..MESH_POINTS).collect();
        let pixel = |i: usize| [0, 1, 2].map(|c| self.patch.data[3 * i + c]);
        let face = [self.disc(&all, FACE)];
        // A clipped channel no longer follows from lightness.
        let unclipped = self.pixels(&face).map(pixel).filter(|px| px.iter().all(|&v| v < CLIPPED));
        let mut of_lightness = vec![Vec::new(); LEVELS + 1];
        for colour in unclipped.map(|px| Lab::of_linear(px.map(linear))) {
            of_lightness[(colour.l / 100.0 * LEVELS as f32).clamp(0.0, LEVELS as f32) as usize].push(colour);
        }
        let squares = of_lightness.iter().filter_map(|colours| {
            let middle = Lab::mean(colours)?;
            Some(colours.iter().map(|c| c.chromatic_difference(middle).powi(2)).sum::<f32>())
        });
        let (sum, n) = (squares.sum::<f32>(), of_lightness.iter().map(Vec::len).sum::<usize>());
        n < FEW || (sum / n as f32).sqrt() >= COLOURED
    }

    /// Luma of the discs' pixels, 0..=255.
    pub(super) fn lumas(&self, discs: &[Disc]) -> Vec<f32> {
        self.pixels(discs).map(|i| self.luma[i]).collect()
    }

    /// The mean absolute four-neighbour Laplacian of luma over the discs.
    pub(super) fn detail(&self, discs: &[Disc]) -> Option<f32> {
        let (w, l) = (SIDE as usize, &self.luma);
        let response = |i: usize| (4.0 * l[i] - l[i - 1] - l[i + 1] - l[i - w] - l[i + w]).abs();
        mean(self.inner_pixels(discs).map(response))
    }

    /// The noise of luma over the discs, 0..=255: the median response to Immerkaer's mask, scaled to the standard
    /// deviation of white noise ("Fast noise variance estimation", CVIU 64(2), 1996; robust form). Sampling between the
    /// source's pixels smooths the noise by an unknown factor, constant over the patch: only ratios between places of
    /// one patch are meaningful.
    pub(super) fn noise(&self, discs: &[Disc]) -> Option<f32> {
        let (w, l) = (SIDE as usize, &self.luma);
        let response = |i: usize| {
            let cross = l[i - 1] + l[i + 1] + l[i - w] + l[i + w];
            let corners = l[i - w - 1] + l[i - w + 1] + l[i + w - 1] + l[i + w + 1];
            (4.0 * l[i] - 2.0 * cross + corners).abs()
        };
        // The norm of the mask is 6; the median magnitude of a normal variable is 0.6745 standard deviations.
        median(self.inner_pixels(discs).map(response).collect()).map(|m| m / (6.0 * 0.6745))
    }

    /// The indices of the discs' pixels that lie in the picture; a pixel in two discs appears twice.
    fn pixels<'a>(&'a self, discs: &'a [Disc]) -> impl Iterator<Item = usize> + 'a {
        discs.iter().flat_map(|d| covered(*d)).filter(|&i| !self.outside[i])
    }

    /// Those of [`pixels`](Self::pixels) with eight neighbours.
    fn inner_pixels<'a>(&'a self, discs: &'a [Disc]) -> impl Iterator<Item = usize> + 'a {
        let last = SIDE as usize - 1;
        let rim = move |i: usize| {
            let (x, y) = (i % SIDE as usize, i / SIDE as usize);
            x == 0 || y == 0 || x == last || y == last
        };
        self.pixels(discs).filter(move |&i| !rim(i))
    }
}

/// The indices of the pixels of the patch whose centres lie in a disc.
fn covered(disc: Disc) -> impl Iterator<Item = usize> {
    let range = |v: f32| {
        let low = (v - disc.radius).floor().clamp(0.0, SIDE as f32) as usize;
        low..(v + disc.radius).ceil().clamp(0.0, SIDE as f32) as usize
    };
    let (columns, rows) = (range(disc.centre.x), range(disc.centre.y));
    rows.flat_map(move |y| columns.clone().map(move |x| (x, y)))
        .filter(move |&(x, y)| Point::new(x as f32 + 0.5, y as f32 + 0.5).distance(disc.centre) <= disc.radius)
        .map(|(x, y)| y * SIDE as usize + x)
}

/// The mean of some values; `None` of none.
pub(super) fn mean(values: impl Iterator<Item = f32>) -> Option<f32> {
    let (n, sum) = values.fold((0u32, 0.0), |(n, sum), v| (n + 1, sum + v));
    (n > 0).then(|| sum / n as f32)
}

/// The median of some values; `None` of none.
pub(super) fn median(mut values: Vec<f32>) -> Option<f32> {
    let middle = values.len() / 2;
    (!values.is_empty()).then(|| *values.select_nth_unstable_by(middle, f32::total_cmp).1)
}

/// The place of the patch in the picture.
struct Plan {
    centre: Point,
    /// Source pixels per pixel of the patch.
    scale: f32,
    roll: f32,
}

impl Plan {
    fn of(mesh: &Mesh) -> Self {
        let at = |i: usize| mesh.points.get(i).copied().unwrap_or_default();
        let (r, l) = (at(index::RIGHT_EYE_OUTER), at(index::LEFT_EYE_OUTER));
        let width = (r[0] - l[0]).hypot(r[1] - l[1]).hypot(r[2] - l[2]);
        Self {
            centre: mesh
                .between(index::FOREHEAD, index::CHIN)
                .midpoint(mesh.between(index::RIGHT_ZYGION, index::LEFT_ZYGION)),
            scale: (width * SPAN / SIDE as f32).max(1e-3),
            roll: HeadFrame::of(mesh).pose().roll.to_radians(),
        }
    }

    /// A point of the source in pixels of the patch.
    fn to_crop(&self, p: Point) -> Point {
        let side = SIDE as f32;
        CropPlan { centre: self.centre, side: self.scale * side, roll: self.roll }.to_crop(p, side)
    }
}

/// The part of a large picture that the patch needs, shrunk to about the patch's scale, with the map from the source to
/// it; `None` where the picture is small enough.
fn shrunk(image: &Pyramid, plan: &Plan) -> Option<(RgbImage, Affine)> {
    if plan.scale < SHRINK_FROM {
        return None;
    }
    // Detail is measured, so at least two pixels are kept per pixel of the patch.
    let (image, times) = image.shrunk(plan.scale / 2.0);
    let plan = Plan {
        centre: Point::new(plan.centre.x / times, plan.centre.y / times),
        scale: plan.scale / times,
        roll: plan.roll,
    };
    let (sin, cos) = plan.roll.sin_cos();
    let half = plan.scale * SIDE as f32 / 2.0 * (sin.abs() + cos.abs()) + 2.0 * plan.scale;
    let clip = |v: f32, most: u32| v.round().clamp(0.0, most as f32);
    let (left, right) = (clip(plan.centre.x - half, image.width()), clip(plan.centre.x + half, image.width()));
    let (top, bottom) = (clip(plan.centre.y - half, image.height()), clip(plan.centre.y + half, image.height()));
    let (w, h) = (right - left, bottom - top);
    let (sw, sh) = ((w / plan.scale).round(), (h / plan.scale).round());
    if sw < 1.0 || sh < 1.0 {
        return None;
    }
    let mut out = Resized::new(sw as u32, sh as u32, fast_image_resize::PixelType::U8x3);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear)).crop(
        f64::from(left),
        f64::from(top),
        f64::from(w),
        f64::from(h),
    );
    Resizer::new().resize(image, &mut out, &options).ok()?;
    let small = RgbImage::from_raw(sw as u32, sh as u32, out.into_vec())?;
    let (kx, ky) = (sw / w, sh / h);
    Some((small, Affine { row_x: [kx / times, 0.0, -left * kx], row_y: [0.0, ky / times, -top * ky] }))
}

/// The composition of `map` and then `next`, where `next` only scales and shifts.
fn after(map: &Affine, next: &Affine) -> Affine {
    let (kx, ky) = (next.row_x[0], next.row_y[1]);
    let [a, b, c] = map.row_x.map(|v| v * kx);
    let [d, e, f] = map.row_y.map(|v| v * ky);
    Affine { row_x: [a, b, c + next.row_x[2]], row_y: [d, e, f + next.row_y[2]] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    /// A face with an outer-canthal width of `width` pixels, in the middle of a square of four times that.
    fn mesh(width: f32) -> Mesh {
        let mut points = vec![[2.0 * width, 2.0 * width, 0.0]; MESH_POINTS];
        let mut set = |i: usize, x: f32, y: f32| points[i] = [(2.0 + x) * width, (2.0 + y) * width, 0.0];
        for (i, x, y) in [
            (index::RIGHT_EYE_OUTER, -0.5, -0.3),
            (index::LEFT_EYE_OUTER, 0.5, -0.3),
            (index::RIGHT_ZYGION, -0.8, 0.0),
            (index::LEFT_ZYGION, 0.8, 0.0),
            (index::RIGHT_GONION, -0.6, 0.6),
            (index::LEFT_GONION, 0.6, 0.6),
            (index::RIGHT_TEMPLE, -0.7, -0.6),
            (index::LEFT_TEMPLE, 0.7, -0.6),
            (index::FOREHEAD, 0.0, -1.0),
            (index::CHIN, 0.0, 1.0),
        ] {
            set(i, x, y);
        }
        Mesh { points, confidence: 1.0 }
    }

    #[test]
    fn a_large_picture_and_its_small_copy_have_the_same_colour() {
        let of = |width: u32| {
            let side = 4 * width;
            let half = |x: u32| if x < side / 2 { [200, 140, 110] } else { [90, 120, 160] };
            let image = RgbImage::from_fn(side, side, |x, _| image::Rgb(half(x)));
            let surface = Surface::sample(&image.into(), &mesh(width as f32));
            [index::RIGHT_EYE_OUTER, index::LEFT_EYE_OUTER].map(|i| surface.colour(&[surface.disc(&[i], 5.0)]).unwrap())
        };
        let (large, small) = (of(300), of(50));
        assert!(large[0].difference(small[0]) < 0.5 && large[1].difference(small[1]) < 0.5, "{large:?} {small:?}");
        assert!(large[0].difference(large[1]) > 20.0);
    }

    /// Skin whose colour varies in spots, and what remains of it in grey, toned, and with little saturation.
    #[test]
    fn a_grey_or_toned_face_is_not_in_colour() {
        let side = 240;
        let spot = |x: u32, y: u32| f32::from(u8::from((x / 20 + y / 20).is_multiple_of(2)));
        let light = |x: u32, y: u32| 90.0 + 60.0 * (x as f32 / 40.0).sin() * (y as f32 / 55.0).cos();
        let in_colour = |of: &dyn Fn(f32, f32) -> [f32; 3]| {
            let mut random = Xoshiro256PlusPlus::seed_from_u64(3);
            let image = RgbImage::from_fn(side, side, |x, y| {
                image::Rgb(of(light(x, y), spot(x, y)).map(|v| (v + random.random_range(-1.0..1.0)).round() as u8))
            });
            Surface::sample(&image.into(), &mesh(SIDE as f32 / SPAN)).in_colour()
        };
        let luma = |l: f32, spot: f32| l + 8.0 * spot;
        assert!(in_colour(&|l, s| [1.2 * l + 20.0 * s, l, 0.8 * l]));
        assert!(in_colour(&|l, s| [l + 16.0 * s, l, l]), "little saturation");
        assert!(!in_colour(&|l, s| [luma(l, s); 3]), "grey");
        assert!(!in_colour(&|l, s| [1.25, 1.05, 0.75].map(|c| c * luma(l, s))), "sepia");
        assert!(!in_colour(&|l, s| [0.4 * luma(l, s) + 100.0, luma(l, s), 0.9 * luma(l, s) + 20.0]), "two tones");
        let overexposed = |l: f32, s: f32| [2.6, 2.3, 1.9].map(|c| (c * luma(l, s)).min(254.0));
        assert!(!in_colour(&overexposed), "clipped sepia");
    }

    #[test]
    fn twice_the_noise_reads_twice_and_nothing_is_read_outside_the_picture() {
        let side = 240;
        // The same uniform noise at every amplitude.
        let noisy = |amplitude: f32| {
            let mut random = Xoshiro256PlusPlus::seed_from_u64(7);
            let mut grey = || (128.0 + amplitude * random.random_range(-1.0..1.0)).round() as u8;
            RgbImage::from_fn(side, side, |_, _| image::Rgb([grey(); 3])).into()
        };
        // One pixel of the patch is one of the picture.
        let width = SIDE as f32 / SPAN;
        let mut at = mesh(width);
        let middle = Disc { centre: Point::new(80.0, 80.0), radius: 30.0 };
        let [soft, hard] = [20.0, 40.0].map(|a| Surface::sample(&noisy(a), &at));
        for ratio in [
            hard.noise(&[middle]).unwrap() / soft.noise(&[middle]).unwrap(),
            hard.detail(&[middle]).unwrap() / soft.detail(&[middle]).unwrap(),
        ] {
            assert!((1.8..2.2).contains(&ratio), "{ratio}");
        }
        for p in &mut at.points {
            p[0] += 1000.0;
        }
        let outside = Surface::sample(&noisy(20.0), &at);
        assert!(outside.colour(&[middle]).is_none() && outside.noise(&[middle]).is_none());
    }
}
