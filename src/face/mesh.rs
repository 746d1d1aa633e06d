//! The face mesh: 468 points in three dimensions (MediaPipe Face Mesh, Kartynnik et al., "Real-time Facial Surface
//! Geometry from Monocular Video on Mobile GPUs", CVPR workshop 2019).

use serde::{Deserialize, Serialize};

use super::{CropPlan, Detection};
use crate::imaging::{Channels, Patch, Point, Pyramid};
use crate::inference::{InferenceError, Network, Tensor, output};

/// How many points a mesh has.
pub const MESH_POINTS: usize = 468;
/// The side of the network's input in pixels.
const SIDE: u32 = 192;
/// The side of the crop over that of the face's box.
const MARGIN: f32 = 1.5;

/// The named landmarks among the 468 points. "Right" and "left" are the person's own.
pub mod index {
    /// Outer corner of the right eye (exocanthion).
    pub const RIGHT_EYE_OUTER: usize = 33;
    /// Inner corner of the right eye (endocanthion).
    pub const RIGHT_EYE_INNER: usize = 133;
    /// Middle of the right upper lid (palpebrale superius).
    pub const RIGHT_EYE_TOP: usize = 159;
    /// Middle of the right lower lid (palpebrale inferius).
    pub const RIGHT_EYE_BOTTOM: usize = 145;
    /// Outer corner of the left eye.
    pub const LEFT_EYE_OUTER: usize = 263;
    /// Inner corner of the left eye.
    pub const LEFT_EYE_INNER: usize = 362;
    /// Middle of the left upper lid.
    pub const LEFT_EYE_TOP: usize = 386;
    /// Middle of the left lower lid.
    pub const LEFT_EYE_BOTTOM: usize = 374;
    /// The mesh's uppermost point on the forehead (near the trichion).
    pub const FOREHEAD: usize = 10;
    /// Between the brows (glabella).
    pub const GLABELLA: usize = 9;
    /// Root of the nose (nasion, sellion).
    pub const NASION: usize = 168;
    /// Tip of the nose (pronasale).
    pub const NOSE_TIP: usize = 1;
    /// Base of the nose (subnasale).
    pub const SUBNASALE: usize = 2;
    /// Right wing of the nose (alare).
    pub const RIGHT_ALARE: usize = 129;
    /// Left wing of the nose.
    pub const LEFT_ALARE: usize = 358;
    /// Right side of the nasal bridge, at the height of the inner canthi.
    pub const RIGHT_BRIDGE: usize = 193;
    /// Left side of the nasal bridge.
    pub const LEFT_BRIDGE: usize = 417;
    /// Right corner of the mouth (cheilion).
    pub const MOUTH_RIGHT: usize = 61;
    /// Left corner of the mouth.
    pub const MOUTH_LEFT: usize = 291;
    /// Top of the upper lip (labiale superius).
    pub const UPPER_LIP_TOP: usize = 0;
    /// Bottom of the upper lip (stomion).
    pub const UPPER_LIP_BOTTOM: usize = 13;
    /// Top of the lower lip.
    pub const LOWER_LIP_TOP: usize = 14;
    /// Bottom of the lower lip (labiale inferius).
    pub const LOWER_LIP_BOTTOM: usize = 17;
    /// Right peak of Cupid's bow (crista philtri).
    pub const CUPID_RIGHT: usize = 37;
    /// Left peak of Cupid's bow.
    pub const CUPID_LEFT: usize = 267;
    /// Chin (menton).
    pub const CHIN: usize = 152;
    /// Right angle of the jaw (gonion).
    pub const RIGHT_GONION: usize = 172;
    /// Left angle of the jaw.
    pub const LEFT_GONION: usize = 397;
    /// Right cheekbone at the ear (zygion).
    pub const RIGHT_ZYGION: usize = 234;
    /// Left cheekbone at the ear.
    pub const LEFT_ZYGION: usize = 454;
    /// Right side of the chin.
    pub const RIGHT_CHIN: usize = 148;
    /// Left side of the chin.
    pub const LEFT_CHIN: usize = 377;
    /// Right temple (frontotemporale).
    pub const RIGHT_TEMPLE: usize = 54;
    /// Left temple.
    pub const LEFT_TEMPLE: usize = 284;
    /// Right brow, upper edge, inner to outer.
    pub const RIGHT_BROW: [usize; 5] = [107, 66, 105, 63, 70];
    /// Left brow, upper edge, inner to outer.
    pub const LEFT_BROW: [usize; 5] = [336, 296, 334, 293, 300];
    /// Right brow, lower edge, inner to outer.
    pub const RIGHT_BROW_LOWER: [usize; 5] = [55, 65, 52, 53, 46];
    /// Left brow, lower edge, inner to outer.
    pub const LEFT_BROW_LOWER: [usize; 5] = [285, 295, 282, 283, 276];
}

/// One face's mesh in pixels of the source image; depth in the same unit, smaller is nearer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Mesh {
    /// 468 points: x, y, z.
    pub points: Vec<[f32; 3]>,
    /// The network's confidence that the crop holds a face, 0..=1.
    pub confidence: f32,
}

impl Mesh {
    /// Fits the mesh to a detected face: a square crop around its box with the eyes level.
    ///
    /// # Errors
    /// When the network fails.
    pub fn fit(net: &dyn Network, image: &Pyramid, face: &Detection) -> Result<Self, InferenceError> {
        let plan = CropPlan { centre: face.bbox.centre(), side: face.bbox.side() * MARGIN, roll: face.roll() };
        Self::fit_in(net, image, &plan)
    }

    /// Fits the mesh inside one planned crop.
    fn fit_in(net: &dyn Network, image: &Pyramid, plan: &CropPlan) -> Result<Self, InferenceError> {
        let map = plan.map(SIDE);
        let patch = Patch::sample(image, &map, SIDE, SIDE);
        let side = SIDE as usize;
        let input = Tensor::new(&[1, 3, side, side], patch.planar(Channels::Rgb, [0.0; 3], 1.0 / 255.0))?;
        let outputs = net.run(input)?;
        let coordinates = output(&outputs, 0, 3 * MESH_POINTS)?;
        let confidence = output(&outputs, 1, 1)?.data[0];
        let scale = map.scale();
        let points = coordinates
            .data
            .chunks_exact(3)
            .map(|p| {
                let q = map.apply(Point::new(p[0], p[1]));
                [q.x, q.y, p[2] * scale]
            })
            .collect();
        Ok(Self { points, confidence })
    }

    /// Point `i` in the picture, without its depth.
    pub fn at(&self, i: usize) -> Point {
        self.points.get(i).map_or(Point::default(), |p| Point::new(p[0], p[1]))
    }

    /// The point half-way between `i` and `j` in the picture.
    pub fn between(&self, i: usize, j: usize) -> Point {
        self.at(i).midpoint(self.at(j))
    }

    /// Both eyes' centres: the person's right, then left.
    pub fn eyes(&self) -> [Point; 2] {
        [
            self.between(index::RIGHT_EYE_OUTER, index::RIGHT_EYE_INNER),
            self.between(index::LEFT_EYE_OUTER, index::LEFT_EYE_INNER),
        ]
    }

    /// The smallest upright rectangle around the mesh: left, top, right, bottom.
    pub fn bounds(&self) -> [f32; 4] {
        self.points.iter().fold([f32::INFINITY, f32::INFINITY, f32::NEG_INFINITY, f32::NEG_INFINITY], |b, p| {
            [b[0].min(p[0]), b[1].min(p[1]), b[2].max(p[0]), b[3].max(p[1])]
        })
    }
}
