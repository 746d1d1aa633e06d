//! Templates to profile: enrollment rules, a person's own genuine variation, and the store.

mod record;

pub use record::{IdentityFields, IdentityId, IdentityRecord, InvalidIdentityId, Sample, SampleKind};
