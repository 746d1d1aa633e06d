//! The set of networks behind a template's embeddings: vectors of two networks cannot be compared.

use super::{Embedding, Template};

/// The number of the set of embedding networks that this faceward runs. Replacing one of them raises it by one.
pub const NETWORKS: u8 = 3;

impl Embedding {
    /// The number of the first set of networks with the one that makes this embedding now.
    pub fn since(self) -> u8 {
        match self {
            Self::A | Self::B => 1,
            Self::C => 2,
            Self::D => 3,
        }
    }
}

impl Template {
    /// Whether an embedding is missing: an earlier network made it, so that the photograph has to be read again.
    pub fn is_outdated(&self) -> bool {
        Embedding::ALL.iter().any(|&e| self.embeddings.get(e).is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedding_is_of_a_set_that_was() {
        let newest = Embedding::ALL.map(Embedding::since).into_iter().max();
        assert_eq!(newest, Some(NETWORKS), "a set differs from the one before by a network");
    }
}
