//! A claim: whether a face is similar enough to the one person named.

use super::{OpenSet, Similarity, Tails};

/// The false match rate (FMR) of claims unless another is set: one stranger in 1,000.
pub const DEFAULT_TARGET_FMR: f32 = 0.001;
/// The FMRs that claims can have: the shipped tails of strangers' similarity begin at the highest.
pub const TARGET_FMR: std::ops::RangeInclusive<f32> = 1e-6..=0.001;

/// The decision rule for a claimed identity: a comparison with that one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Claim {
    /// The target FMR (false match rate): the share of strangers that may be matched with the person claimed.
    pub target_fmr: f32,
    /// A face with this cosine of embedding C or a higher one needs no confirmation: its FMR is a hundredth of the
    /// target.
    sure_from: f32,
    comparison: OpenSet,
}

impl Tails {
    /// The rule for a claimed identity that matches a stranger with that person at most as often as `target_fmr`.
    pub fn claim(self, target_fmr: f32) -> Claim {
        let sure = self.searched.score_at(f64::from(target_fmr) / 100.0);
        Claim { target_fmr, sure_from: sure, comparison: self.search(1, target_fmr) }
    }
}

impl Claim {
    /// Whether embedding D has to confirm the claim: embedding C alone neither accepts nor rejects it.
    pub fn wants_confirmation(&self, similarity: Similarity) -> bool {
        let between = similarity.searched >= self.comparison.confirm_from && similarity.searched < self.sure_from;
        between && similarity.confirming.is_none()
    }

    /// Whether a face this similar is another person's.
    pub fn rejects(&self, similarity: Similarity) -> bool {
        similarity.searched < self.sure_from && !self.comparison.depicts(similarity)
    }

    /// The least similarity of a face that is called fake beside a face more like the person: its FMR is a hundredth of
    /// the target.
    pub fn companion_called_fake_from(&self, similarity: Similarity) -> f32 {
        self.comparison.tail_of(similarity).score_at(f64::from(self.target_fmr) / 100.0)
    }

    /// The least similarity of a face that is the person's.
    pub fn threshold_for(&self, similarity: Similarity) -> f32 {
        self.comparison.threshold_for(similarity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::fixtures::{TAILS, confirmed, unconfirmed};

    #[test]
    fn a_claim_is_sure_or_out_of_the_question_or_confirmed() {
        let claim = TAILS.claim(0.001);
        let Claim { sure_from, comparison, .. } = claim;
        assert!(comparison.confirm_from < claim.threshold_for(confirmed(0.0)));
        assert!(claim.threshold_for(unconfirmed(0.0)) < sure_from);
        let (low, high) = (unconfirmed(comparison.confirm_from - 0.01), unconfirmed(sure_from));
        assert!(claim.rejects(low) && !claim.wants_confirmation(low));
        assert!(!claim.rejects(high) && !claim.wants_confirmation(high));
        let between = Similarity { searched: sure_from - 0.01, confirming: None };
        assert!(claim.wants_confirmation(between));
        let by = |confirming: f32| Similarity { confirming: Some(confirming), ..between };
        assert!(claim.rejects(by(0.0)) && !claim.rejects(by(sure_from)));
        assert!(!claim.wants_confirmation(by(0.0)));
        let sure = Similarity { searched: sure_from, confirming: Some(0.0) };
        assert!(!claim.rejects(sure), "what needs no confirmation is not undone by one");
        assert!(TAILS.claim(0.0001).threshold_for(confirmed(0.0)) > claim.threshold_for(confirmed(0.0)));
    }
}
