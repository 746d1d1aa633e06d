//! Templates to profile: enrollment rules, a person's own genuine variation, and the search index.

mod conditions;
mod enrollment;
#[cfg(test)]
pub(crate) mod fixtures;
mod index;
mod look_alikes;
mod parts;
mod population;
mod profile;
mod record;

pub use conditions::{CONDITIONS, ConditionEffects, Conditions};
pub use enrollment::{Candidate, Outcome, Refusal, admit};
pub use index::{Index, Near};
pub use population::{EmbeddingPrior, Population, PopulationModel};
pub use profile::{EmbeddingProfile, Negative, Profile, Spread};
pub use record::{
    ErrorTargets, IdentityFields, IdentityId, IdentityRecord, InvalidIdentityId, Sample, SampleKind, SampleSet,
};
