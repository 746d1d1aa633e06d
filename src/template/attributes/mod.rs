//! The attribute vector: named measures of a face by region, each with a unit, a source, a repeatability, and the
//! conditions under which it must not be read.
//!
//! One file per region holds its table ([`table`]): name, label, scale, source, conditions, and how it is measured.
//! Geometry comes from the mesh in the head's own frame ([`shape`]), colour and fine detail from one aligned patch
//! ([`surface`]), eye colour from the iris network ([`irises`]), and traces of manipulation from the forensic network
//! ([`traces`]) and from the image encoder ([`encoder`]). `docs/attributes.md` lists all attributes with their measured
//! figures ([`figures`]).

mod blending;
mod brows;
mod colour;
mod conditions;
mod encoder;
mod eyes;
mod figures;
mod irises;
mod manipulation;
mod mouth;
mod nose;
mod outer_face;
mod scale;
mod shape;
mod skin;
mod spec;
mod surface;
mod table;
mod traces;

use serde::{Deserialize, Serialize};

use crate::face::{Areas, Face};
use crate::imaging::Pyramid;
use crate::inference::{InferenceError, Network};
use crate::models::Zoo;
use conditions::Circumstances;
use irises::Irises;
use shape::Shape;
use surface::Surface;
use table::{Attribute, Measure};
use traces::Traces;

pub use conditions::Conditions;
pub use encoder::EncoderTraces;
pub use spec::{AttributeSpec, Region, Trace};

/// The tables of all regions, in the order of the vector. Stored vectors have this order: add new tables at the end.
const TABLES: [(Region, &[Attribute]); 12] = [
    (Region::OuterFace, outer_face::TABLE),
    (Region::Brows, brows::TABLE),
    (Region::Eyes, eyes::TABLE),
    (Region::Nose, nose::TABLE),
    (Region::Mouth, mouth::TABLE),
    (Region::Skin, skin::TABLE),
    (Region::Overall, blending::TABLE),
    (Region::Overall, manipulation::OVERALL_TABLE),
    (Region::Eyes, manipulation::EYES_TABLE),
    (Region::Nose, manipulation::NOSE_TABLE),
    (Region::Mouth, manipulation::MOUTH_TABLE),
    (Region::Overall, manipulation::ENCODER_TABLE),
];

/// Every attribute, in the order of the vector.
pub const ATTRIBUTES: &[AttributeSpec] = &collect::<{ count() }>();

/// The number of attributes in the tables.
const fn count() -> usize {
    let (mut n, mut t) = (0, 0);
    while t < TABLES.len() {
        n += TABLES[t].1.len();
        t += 1;
    }
    n
}

/// The rows of all tables, one after another.
const fn collect<const N: usize>() -> [AttributeSpec; N] {
    let mut specs = [TABLES[0].1[0].spec(TABLES[0].0); N];
    let (mut n, mut t) = (0, 0);
    while t < TABLES.len() {
        let (region, rows) = TABLES[t];
        let mut i = 0;
        while i < rows.len() {
            specs[n] = rows[i].spec(region);
            n += 1;
            i += 1;
        }
        t += 1;
    }
    specs
}

/// One value per entry of [`ATTRIBUTES`], in their order; `None` where it cannot be read from this face.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttributeVector(Vec<Option<f32>>);

impl AttributeVector {
    /// From one value per entry of [`ATTRIBUTES`].
    pub fn new(values: Vec<Option<f32>>) -> Self {
        Self(values)
    }

    /// The values in the order of [`ATTRIBUTES`].
    pub fn values(&self) -> &[Option<f32>] {
        &self.0
    }

    /// The value of the attribute with this name.
    pub fn get(&self, name: &str) -> Option<f32> {
        let place = ATTRIBUTES.iter().position(|a| a.name == name)?;
        self.0.get(place).copied().flatten()
    }

    /// Whether colours were left out because the face is grey or toned: what is read under the same conditions, from
    /// the same places, but of lightness alone, was read.
    pub fn lacks_colour(&self) -> bool {
        let read = |name: &str| self.get(name).is_some();
        (read("under_eye_darkness") || read("chin_darkness")) && !read("skin_redness")
    }

    /// Measures one face, with two runs of the iris network where the eyes can be read, and one run of the forensic
    /// network. Regions that lie in a `covered` area are left out, and so is what the image encoder sees, which costs
    /// more than all other networks together.
    ///
    /// # Errors
    /// When a network fails.
    pub fn measure(zoo: &Zoo, image: &Pyramid, face: &Face, covered: Areas) -> Result<Self, InferenceError> {
        Self::read(zoo.iris.as_ref(), zoo.forensics.as_ref(), image, face, covered)
    }

    /// What the image encoder sees of a face; nothing where it cannot be read.
    ///
    /// # Errors
    /// When the network fails.
    pub fn encode(zoo: &Zoo, image: &Pyramid, face: &Face) -> Result<EncoderTraces, InferenceError> {
        let here = Circumstances::of(face, &Shape::of(&face.mesh));
        if manipulation::ENCODER_TABLE.iter().all(|a| a.conditions.allow(&here)) {
            EncoderTraces::read(zoo.encoder.as_ref(), &zoo.probes, image, &face.mesh)
        } else {
            Ok(EncoderTraces::default())
        }
    }

    /// The vector with what the image encoder saw.
    #[must_use]
    pub fn with_encoder(mut self, traces: &EncoderTraces) -> Self {
        self.0.resize(ATTRIBUTES.len(), None);
        for (value, spec) in self.0.iter_mut().zip(ATTRIBUTES) {
            if let Some(kind) = spec.trace.filter(|kind| Trace::BY_ENCODER.contains(kind)) {
                *value = traces.get(kind);
            }
        }
        self
    }

    fn read(
        iris: &dyn Network,
        forensics: &dyn Network,
        image: &Pyramid,
        face: &Face,
        covered: Areas,
    ) -> Result<Self, InferenceError> {
        let shape = Shape::of(&face.mesh);
        let here = Circumstances::of(face, &shape);
        let open = |region: Region| region.areas().and(covered).is_empty();
        let readable = || {
            let rows = TABLES.iter().filter(|(region, _)| open(*region)).flat_map(|(_, rows)| *rows);
            rows.filter(|a| a.conditions.allow(&here))
        };
        let surface =
            readable().any(|a| matches!(a.measure, Measure::Surface(_))).then(|| Surface::sample(image, &face.mesh));
        let coloured = here.in_colour(surface.as_ref().is_none_or(Surface::in_colour));
        let irises = readable()
            .any(|a| matches!(a.measure, Measure::Irises(_)))
            .then(|| Irises::read(iris, image, &face.mesh))
            .transpose()?;
        let traces = readable()
            .any(|a| matches!(a.measure, Measure::Traces(..)))
            .then(|| Traces::read(forensics, image, &face.mesh))
            .transpose()?;
        let value = |(a, spec): (&Attribute, &AttributeSpec)| {
            let read = match a.measure {
                Measure::Shape(of) => Some(of(&shape) - here.drift(&spec.drift)),
                Measure::Surface(of) => surface.as_ref().and_then(of),
                Measure::Irises(of) => irises.as_ref().and_then(of),
                Measure::Traces(_, of) => traces.as_ref().and_then(of),
                Measure::Encoder(_) => None,
            };
            read.filter(|v| v.is_finite() && open(spec.region) && a.conditions.allow(&coloured))
        };
        Ok(Self(TABLES.iter().flat_map(|(_, rows)| *rows).zip(ATTRIBUTES).map(value).collect()))
    }
}

#[cfg(test)]
mod tests;
