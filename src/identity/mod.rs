//! Templates to profile: enrollment rules, a person's own genuine variation, and the store.

pub mod keys;
mod record;
pub mod store;

pub use record::{IdentityFields, IdentityId, IdentityRecord, InvalidIdentityId, Sample, SampleKind};
