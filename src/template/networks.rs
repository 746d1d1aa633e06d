//! The set of networks behind a template's embeddings: vectors of two networks cannot be compared.

/// The number of the set of embedding networks that this faceward runs. Replacing one of them raises it by one.
pub const NETWORKS: u8 = 1;
