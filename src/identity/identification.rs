//! Identification: whom of everybody enrolled a face depicts, if anybody.
//!
//! A search compares a face with every enrolled identity, so a stranger has as many chances to be taken for somebody as
//! there are identities. One threshold for all sizes cannot hold the rate of such errors. Here the threshold follows
//! from the rate that is asked for and from the number enrolled, by way of the upper tail of strangers' similarity.
//!
//! Two networks compare. Every face is searched by the cosine of embedding C with the mean embedding of each identity's
//! references. Where that is unusually high for a stranger, embedding D confirms it: the similarity is then the mean of
//! the two cosines. A stranger who deceives one network seldom deceives the other, and a face that embedding C
//! alone would leave under its threshold can be found.

use serde::{Deserialize, Serialize};

use super::Tail;

/// The false-positive identification rate (FPIR) of a search that is asked for no other: one stranger in 300.
pub const DEFAULT_TARGET_FPIR: f32 = 0.0033;
/// The FPIRs that a search can be asked for.
pub const TARGET_FPIR: std::ops::RangeInclusive<f32> = 1e-6..=0.5;

/// The upper tails of strangers' similarity, by embedding C alone and by C and D.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tails {
    /// Of the cosine of embedding C.
    pub searched: Tail,
    /// Of the mean of the cosines of embeddings C and D.
    pub confirmed: Tail,
}

/// The similarity of a face to an identity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Similarity {
    /// The cosine of embedding C, -1..=1.
    pub searched: f32,
    /// The cosine of embedding D, -1..=1; `None` where the face or the references lack it.
    pub confirming: Option<f32>,
}

impl Similarity {
    /// The similarity that thresholds apply to, -1..=1: the mean of the cosines that there are.
    pub fn score(self) -> f32 {
        self.confirming.map_or(self.searched, |d| f32::midpoint(self.searched, d))
    }
}

/// The decision rule of a search over a number of identities: open-set identification.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OpenSet {
    tails: Tails,
    identities: usize,
    /// Embedding D confirms a candidate from this cosine of embedding C on. About one stranger in ten reaches it with
    /// somebody, or as many as the target allows where that is more.
    pub confirm_from: f32,
    /// A confirmed face with this similarity or a higher one depicts the identity.
    pub threshold: f32,
    /// The same for a face of which only embedding C can be compared.
    pub threshold_unconfirmed: f32,
    /// The probability that one comparison of a stranger reaches the similarity from which on a face may be called
    /// fake.
    called_fake: f64,
}

/// The share of strangers whom embedding D looks at, unless the target FPIR is higher.
const CONFIRMED_SHARE: f32 = 0.1;
/// The share of the strangers taken for somebody whose face may be called fake. The others resemble the identity too
/// little for that.
const CALLED_FAKE_SHARE: f32 = 0.3;

impl Tails {
    /// Checks that the parameters are those of distributions.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn check(&self) -> Result<(), String> {
        self.searched.check()?;
        self.confirmed.check()
    }

    /// Fits both tails to comparisons between strangers and identities, with [`Tail::fit`].
    pub fn fit(comparisons: &[Similarity], share: f32) -> Option<Self> {
        let searched = Tail::fit(comparisons.iter().map(|s| s.searched).collect(), share)?;
        let confirmed = Tail::fit(comparisons.iter().map(|s| s.score()).collect(), share)?;
        Some(Self { searched, confirmed })
    }

    /// The rule of a search over `identities` that takes a stranger for somebody at most as often as `target_fpir`.
    pub fn search(self, identities: usize, target_fpir: f32) -> OpenSet {
        // 1 - (1 - rate)^(1 / n), exact for small rates.
        let each = |rate: f32| -((-f64::from(rate)).ln_1p() / identities.max(1) as f64).exp_m1();
        let target = each(target_fpir);
        OpenSet {
            tails: self,
            identities,
            confirm_from: self.searched.extrapolated(each(CONFIRMED_SHARE.max(target_fpir))),
            threshold: self.confirmed.score_at(target),
            threshold_unconfirmed: self.searched.score_at(target),
            called_fake: each(CALLED_FAKE_SHARE * target_fpir),
        }
    }
}

impl OpenSet {
    /// The threshold for a similarity by as many networks.
    pub fn threshold_for(&self, similarity: Similarity) -> f32 {
        similarity.confirming.map_or(self.threshold_unconfirmed, |_| self.threshold)
    }

    /// Whether a face this similar depicts the identity.
    pub fn depicts(&self, similarity: Similarity) -> bool {
        similarity.searched >= self.confirm_from && similarity.score() >= self.threshold_for(similarity)
    }

    /// The least similarity of a face that may be called fake: a stranger's rarely has it.
    pub fn threshold_to_call_fake(&self, similarity: Similarity) -> f32 {
        self.tail_of(similarity).score_at(self.called_fake)
    }

    pub(super) fn tail_of(&self, similarity: Similarity) -> &Tail {
        similarity.confirming.map_or(&self.tails.searched, |_| &self.tails.confirmed)
    }

    /// The probability that a stranger is as similar as this to at least one of the identities, 0..=1: the FPIR of a
    /// threshold there. `None` below the start of the fitted tail, where the rate is not modelled.
    pub fn fpir(&self, similarity: Similarity) -> Option<f32> {
        self.rate(similarity, similarity.score())
    }

    /// The FPIR of the threshold for a similarity by as many networks.
    pub fn expected_fpir(&self, similarity: Similarity) -> f32 {
        self.rate(similarity, self.threshold_for(similarity)).unwrap_or_default()
    }

    fn rate(&self, kind: Similarity, score: f32) -> Option<f32> {
        let tail = self.tail_of(kind);
        let each = (score >= tail.from).then(|| tail.exceedance(score))?;
        Some(-(self.identities as f64 * (-each).ln_1p()).exp_m1() as f32)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::identity::fixtures::{TAILS, confirmed, unconfirmed};

    #[test]
    fn the_rate_at_the_threshold_is_the_one_asked_for_whatever_the_size() {
        for identities in [4, 10, 1000, 1_000_000] {
            for target in [1e-6, 0.0005, 0.0033] {
                let search = TAILS.search(identities, target);
                let rates = [
                    search.expected_fpir(confirmed(0.0)),
                    search.fpir(confirmed(search.threshold)).unwrap(),
                    search.fpir(unconfirmed(search.threshold_unconfirmed)).unwrap(),
                ];
                for rate in rates {
                    assert!((rate / target - 1.0).abs() < 0.02, "{identities} {target} {rate}");
                }
            }
        }
        // Where the tail begins above the target, fewer strangers are found than asked for.
        let one = TAILS.search(1, 0.1);
        assert!(one.threshold >= TAILS.confirmed.from && one.expected_fpir(confirmed(0.0)) < 0.1);
        assert_eq!(one.fpir(confirmed(TAILS.confirmed.from - 0.01)), None);
    }

    #[test]
    fn two_networks_together_find_whom_one_alone_would_not() {
        let search = TAILS.search(100, 0.0033);
        assert!(search.threshold < search.threshold_unconfirmed);
        let between = f32::midpoint(search.threshold, search.threshold_unconfirmed);
        assert!(search.depicts(confirmed(between)) && !search.depicts(unconfirmed(between)));
        assert!(search.depicts(unconfirmed(search.threshold_unconfirmed)));
        // The mean counts: a network that doubts is heard.
        let doubted = Similarity { searched: search.threshold, confirming: Some(search.threshold - 0.1) };
        assert!(!search.depicts(doubted));
        let other_only = Similarity { searched: search.confirm_from - 0.01, confirming: Some(0.9) };
        assert!(!search.depicts(other_only), "such a face is never confirmed");
    }

    #[test]
    fn a_face_is_called_fake_from_a_higher_similarity_on_than_it_is_found() {
        for identities in [4, 100, 1_000_000] {
            let search = TAILS.search(identities, 0.0033);
            for kind in [confirmed(0.0), unconfirmed(0.0)] {
                let least = search.threshold_to_call_fake(kind);
                assert!(least > search.threshold_for(kind));
                let at = Similarity { searched: least, confirming: kind.confirming.map(|_| least) };
                let rate = search.fpir(at).unwrap();
                assert!((rate / (0.3 * 0.0033) - 1.0).abs() < 0.02, "{rate}");
            }
        }
    }

    #[test]
    fn more_strangers_are_confirmed_than_may_be_found() {
        for identities in [1, 10, 1000, 1_000_000] {
            for target in [0.0005, 0.0033, 0.3] {
                let search = TAILS.search(identities, target);
                assert!(search.confirm_from <= search.threshold_unconfirmed, "{identities} {target}");
            }
            // At least as many as one in ten, whatever the target.
            let [strict, usual] = [1e-6, 0.0033].map(|target| TAILS.search(identities, target).confirm_from);
            assert_eq!(strict.to_bits(), usual.to_bits());
        }
    }

    proptest! {
        #[test]
        fn more_identities_and_lower_rates_raise_the_threshold(n in 1..100_000usize, target in 1e-6..0.4f32) {
            let search = TAILS.search(n, target);
            prop_assert!(search.threshold.is_finite() && search.threshold >= TAILS.confirmed.from);
            for stricter in [TAILS.search(2 * n, target), TAILS.search(n, target / 2.0)] {
                prop_assert!(stricter.threshold >= search.threshold);
                prop_assert!(stricter.confirm_from >= search.confirm_from);
            }
        }
    }
}
