//! Templates to profile: the rules of enrollment, a person's own genuine variation, the search index, and whom a face
//! depicts, if anybody.

mod agreement;
mod conditions;
mod enrollment;
#[cfg(test)]
pub(crate) mod fixtures;
mod identification;
mod index;
mod nearest_impostors;
mod parts;
mod population;
mod profile;
mod record;
mod search_row;
mod spread;

pub use agreement::Agreement;
pub use conditions::{CONDITIONS, ConditionEffects, Conditions};
pub use enrollment::{OfferedImage, Outcome, Refusal, admit};
pub use identification::{
    Claim, DEFAULT_TARGET_FMR, DEFAULT_TARGET_FPIR, LEAST_EXCESSES, OpenSet, Similarity, TARGET_FMR, TARGET_FPIR, Tail,
    Tails,
};
pub use index::{Index, Neighbour};
pub use population::{EmbeddingPrior, Population, PopulationModel};
pub use profile::{EmbeddingProfile, Negative, Profile};
pub use record::{
    ErrorTargets, IdentityFields, IdentityId, IdentityRecord, InvalidIdentityId, Sample, SampleKind, SampleSet,
};
pub use search_row::{SEARCHED, SearchRow};
pub use spread::Spread;
