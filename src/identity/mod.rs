//! Templates to profile: the rules of enrollment, a person's own genuine variation, the search index, and whom a face
//! depicts, if anybody.

mod agreement;
mod claim;
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
mod tail;

pub use agreement::Agreement;
pub use claim::{Claim, DEFAULT_TARGET_FMR, TARGET_FMR};
pub use conditions::{CONDITIONS, ConditionEffects, Conditions};
pub use enrollment::{OfferedImage, Outcome, Refusal, admit};
pub use identification::{DEFAULT_TARGET_FPIR, OpenSet, Similarity, TARGET_FPIR, Tails};
pub use index::{Index, Neighbour};
pub use population::{EmbeddingPrior, Population, PopulationModel};
pub use profile::{EmbeddingProfile, Negative, Profile};
pub use record::{
    ErrorTargets, IdentityFields, IdentityId, IdentityRecord, InvalidIdentityId, Sample, SampleKind, SampleSet,
};
pub use search_row::{SEARCHED, SearchRow};
pub use spread::Spread;
pub use tail::{LEAST_EXCESSES, Tail};
