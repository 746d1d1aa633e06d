//! The rows of a region's table, and how each is measured.

use super::conditions::Conditions;
use super::figures;
use super::irises::Irises;
use super::scale::Scale;
use super::shape::Shape;
use super::spec::{AttributeSpec, Region, Trace};
use super::surface::Surface;
use super::traces::Traces;

/// The function that reads an attribute, by its source.
#[derive(Clone, Copy)]
pub(super) enum Measure {
    /// From the mesh.
    Shape(fn(&Shape) -> f32),
    /// From the aligned colour patch.
    Surface(fn(&Surface) -> Option<f32>),
    /// From the two irises.
    Irises(fn(&Irises) -> Option<f32>),
    /// From the forensic network.
    Traces(Trace, fn(&Traces) -> Option<f32>),
    /// From the image encoder, which is run apart from the other networks.
    Encoder(Trace),
}

/// One row of a region's table; the fields are those of [`AttributeSpec`].
pub(super) struct Attribute {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) scale: Scale,
    pub(super) source: &'static str,
    pub(super) conditions: Conditions,
    pub(super) measure: Measure,
}

impl Attribute {
    /// The public description of this row, with its measured figures.
    pub(super) const fn spec(&self, region: Region) -> AttributeSpec {
        let ([repeatability, within_person, between_people], drift) = figures::of(self.name);
        AttributeSpec {
            name: self.name,
            region,
            label: self.label,
            unit: self.scale.unit,
            possible: self.scale.possible,
            source: self.source,
            geometric: matches!(self.measure, Measure::Shape(_)),
            trace: match self.measure {
                Measure::Traces(kind, _) | Measure::Encoder(kind) => Some(kind),
                _ => None,
            },
            conditions: self.conditions,
            repeatability,
            within_person,
            between_people,
            drift,
        }
    }
}
