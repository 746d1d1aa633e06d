//! Identification: whom of everybody enrolled a face depicts, if anybody; and verification of a claim by similarity.
//!
//! A search compares a face with every enrolled identity, so a stranger has as many chances to be taken for somebody as
//! there are identities. One threshold for all sizes cannot hold the rate of such errors. Here the threshold follows
//! from the rate that is asked for and from the number enrolled, by way of the upper tail of strangers' similarity:
//! beyond a high quantile it is a generalised Pareto distribution (Pickands 1975; for face recognition Scheirer et al.,
//! "Meta-recognition", 2011).
//!
//! Two networks compare. Every face is searched by the cosine of embedding C with the mean embedding of each identity's
//! references. Where that is unusually high for a stranger, embedding D confirms it: the similarity is then the mean of
//! the two cosines. A stranger who deceives one network seldom deceives the other, and a face that embedding C
//! alone would leave under its threshold can be found.

use serde::{Deserialize, Serialize};

/// The upper tail of the similarity of one stranger to one identity.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tail {
    /// The similarity at which the tail begins, -1..=1.
    pub from: f32,
    /// The share of comparisons with strangers that reach `from`, above 0 and below 1.
    pub share: f32,
    /// The scale of the generalised Pareto distribution of what exceeds `from`; above zero.
    pub scale: f32,
    /// Its shape; below zero for a tail that ends.
    pub shape: f32,
}

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

impl Tail {
    /// Checks that the parameters are those of a distribution.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn check(&self) -> Result<(), String> {
        let Self { from, share, scale, shape } = *self;
        let finite = [from, share, scale, shape].into_iter().all(f32::is_finite);
        if finite && share > 0.0 && share < 1.0 && scale > 0.0 && shape.abs() < 0.5 {
            return Ok(());
        }
        let need = "a share between 0 and 1, a scale above 0 and a shape between -0.5 and 0.5";
        Err(format!("the tail of strangers' similarity must have {need}"))
    }

    /// Fits the tail to the similarity in comparisons between strangers and identities: the largest `share` of them, by
    /// probability-weighted moments (Hosking and Wallis 1987). `None` where fewer than [`LEAST_EXCESSES`] lie in the
    /// tail.
    pub fn fit(mut scores: Vec<f32>, share: f32) -> Option<Self> {
        let count = (scores.len() as f64 * f64::from(share)) as usize;
        if count < LEAST_EXCESSES {
            return None;
        }
        scores.sort_unstable_by(|a, b| b.total_cmp(a));
        let from = *scores.get(count)?;
        // The mean excess, and the mean of excess times the share of larger ones.
        let (mut first, mut second) = (0.0f64, 0.0f64);
        for (larger, score) in scores[..count].iter().enumerate() {
            let excess = f64::from(score - from);
            first += excess;
            second += excess * (larger as f64 + 0.35) / count as f64;
        }
        let (first, second) = (first / count as f64, second / count as f64);
        let shape = 2.0 - first / (first - 2.0 * second);
        let scale = 2.0 * first * second / (first - 2.0 * second);
        let tail = Self { from, share, scale: scale as f32, shape: shape.clamp(-0.45, 0.45) as f32 };
        tail.check().is_ok().then_some(tail)
    }

    /// The probability that the comparison of a stranger with one identity reaches the similarity `score`; at most
    /// [`Tail::share`], as the tail says nothing of a lower similarity.
    fn exceedance(&self, score: f32) -> f64 {
        let (share, excess) = (f64::from(self.share), f64::from((score - self.from).max(0.0)) / f64::from(self.scale));
        let shape = f64::from(self.shape);
        if shape.abs() < 1e-6 {
            return share * (-excess).exp();
        }
        share * (1.0 + shape * excess).max(0.0).powf(-1.0 / shape)
    }

    /// The similarity that a stranger's comparison reaches with this probability; at least [`Tail::from`].
    pub fn score_at(&self, probability: f64) -> f32 {
        self.extrapolated(probability.min(f64::from(self.share)))
    }

    /// As [`Tail::score_at`], continued below [`Tail::from`], where it is a rough guess.
    fn extrapolated(&self, probability: f64) -> f32 {
        let ratio = f64::from(self.share) / probability.max(f64::MIN_POSITIVE);
        let shape = f64::from(self.shape);
        let excess = if shape.abs() < 1e-6 { ratio.ln() } else { (ratio.powf(shape) - 1.0) / shape };
        self.from + self.scale * excess as f32
    }
}

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

    /// The rule for a claimed identity that matches a stranger with that person at most as often as `target_fmr`.
    pub fn claim(self, target_fmr: f32) -> Claim {
        let sure = self.searched.score_at(f64::from(target_fmr) / 100.0);
        Claim { target_fmr, sure_from: sure, comparison: self.search(1, target_fmr) }
    }
}

/// The false match rate (FMR) of claims unless another is set: one stranger in 1,000.
pub const DEFAULT_TARGET_FMR: f32 = 0.001;
/// The FMRs that claims can have.
pub const TARGET_FMR: std::ops::RangeInclusive<f32> = 1e-6..=0.1;

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

/// The least number of comparisons that a tail is fitted to.
pub const LEAST_EXCESSES: usize = 50;

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

    fn tail_of(&self, similarity: Similarity) -> &Tail {
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

    const TAIL: Tail = Tail { from: 0.46, share: 0.001, scale: 0.04, shape: -0.07 };
    const TAILS: Tails = Tails { searched: TAIL, confirmed: Tail { from: 0.36, ..TAIL } };

    #[test]
    fn a_tail_is_recovered_from_its_own_quantiles() {
        for shape in [-0.2, 0.0, 0.15] {
            let tail = Tail { shape, ..TAIL };
            // One in a thousand lies in the tail, at equal steps of probability.
            let excesses = (0..2000).map(|i| tail.score_at(0.001 * (f64::from(i) + 0.5) / 2000.0));
            let scores: Vec<f32> = excesses.chain((0..1_998_000).map(|i| 0.46 * (i % 1000) as f32 / 1000.0)).collect();
            let fitted = Tail::fit(scores, 0.001).unwrap();
            assert!((fitted.from - tail.from).abs() < 0.01, "{fitted:?}");
            assert!((fitted.scale / tail.scale - 1.0).abs() < 0.08, "{fitted:?}");
            assert!((fitted.shape - shape).abs() < 0.08, "{fitted:?}");
        }
        assert_eq!(Tail::fit(vec![0.1; 1000], 0.001), None, "one score is no tail");
    }

    fn confirmed(score: f32) -> Similarity {
        Similarity { searched: score, confirming: Some(score) }
    }

    fn unconfirmed(score: f32) -> Similarity {
        Similarity { searched: score, confirming: None }
    }

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

    #[test]
    fn parameters_of_no_distribution_are_refused() {
        for wrong in [
            Tail { share: 0.0, ..TAIL },
            Tail { share: 1.0, ..TAIL },
            Tail { scale: 0.0, ..TAIL },
            Tail { shape: 0.7, ..TAIL },
            Tail { from: f32::NAN, ..TAIL },
        ] {
            assert!(wrong.check().is_err(), "{wrong:?}");
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
