//! The profile: one person's own genuine variation, fitted over the templates of the references.
//!
//! Per embedding: the mean embedding (the centroid), the cosine that a further genuine photograph is expected to have
//! with it and the spread of that cosine, both by leave-one-out with shrinkage to the population, and the range of the
//! nearest impostors. Per attribute: centre and spread. Nothing here is stored: a profile is fitted again whenever the
//! samples change.

use uuid::Uuid;

use super::nearest_impostors::nearest_impostors;
use super::parts::PartsProfile;
use super::spread::Spread;
use super::{Agreement, ConditionEffects, Conditions, Population, SEARCHED, Sample, SampleKind, Similarity};
use crate::template::{ATTRIBUTES, Embedding, Embeddings, Part, Parts, Template, cosine, mean_direction};

/// One embedding's part of a profile.
#[derive(Clone, Debug)]
pub struct EmbeddingProfile {
    /// The mean embedding of the references, of unit length; empty where none of them has this embedding.
    pub centroid: Vec<f32>,
    /// The cosine of a further genuine photograph with the centroid.
    pub genuine: Spread,
    /// The cosine of the nearest impostors of the cohort with the centroid.
    pub impostor: Spread,
    /// The effects of conditions worse than the references'.
    pub effects: ConditionEffects,
    /// The standard deviation of the observed effect of the conditions, as a share of the expected one.
    pub effect_uncertainty: f32,
}

impl EmbeddingProfile {
    /// The distance of the genuine expectation from the mean of the nearest impostors, as a cosine; above zero.
    pub fn separation(&self) -> f32 {
        (self.genuine.centre - self.impostor.centre).max(1e-3)
    }
}

/// A negative: an image that an operator marked as not showing the identity.
#[derive(Clone, Debug)]
pub struct Negative {
    /// Another person, or a known fake.
    pub kind: SampleKind,
    /// The id of the sample.
    pub id: Uuid,
    /// Its template.
    pub template: Template,
}

/// The profile of one identity, fitted over its samples.
#[derive(Clone, Debug)]
pub struct Profile {
    embeddings: Vec<EmbeddingProfile>,
    attributes: Vec<Option<Spread>>,
    parts: Option<PartsProfile>,
    /// The number of references that it was fitted on.
    pub references: usize,
    /// The templates of the references.
    templates: Vec<Template>,
    /// The mean embedding D of the references, of unit length; empty where none of them has it.
    confirming: Vec<f32>,
    /// The ids of the references, in the order of the templates; empty where it was fitted on templates alone.
    ids: Vec<Uuid>,
    negatives: Vec<Negative>,
    /// The references' mean conditions.
    conditions: Conditions,
    likeness: Vec<f32>,
}

impl Profile {
    /// Fits the profile of `samples`; `None` without a reference.
    pub fn fit<'a>(samples: impl IntoIterator<Item = &'a Sample>, population: &Population) -> Option<Self> {
        let (mut references, mut ids, mut negatives) = (Vec::new(), Vec::new(), Vec::new());
        for s in samples {
            match s.kind {
                SampleKind::Reference => {
                    references.push(s.template.clone());
                    ids.push(s.id);
                }
                kind => negatives.push(Negative { kind, id: s.id, template: s.template.clone() }),
            }
        }
        let mut profile = Self::of_templates(references, population)?;
        profile.negatives = negatives;
        profile.ids = ids;
        Some(profile)
    }

    /// Fits the profile of references alone; `None` without one.
    pub fn of_templates(templates: Vec<Template>, population: &Population) -> Option<Self> {
        if templates.is_empty() {
            return None;
        }
        let centroids = Embedding::JUDGED.map(|e| mean_direction(vectors(e, &templates, population)));
        let impostors = nearest_impostors(&centroids, &population.cohort);
        let of_embedding = |(e, centroid)| fit_embedding(e, centroid, &templates, &impostors, population);
        Some(Self {
            embeddings: Embedding::JUDGED.into_iter().zip(centroids).map(of_embedding).collect(),
            attributes: (0..ATTRIBUTES.len()).map(|i| fit_attribute(i, &templates, population)).collect(),
            parts: PartsProfile::fit(&templates, &population.model.parts, population.model.prior_weight),
            references: templates.len(),
            conditions: Conditions::mean(templates.iter()),
            confirming: mean_direction(confirming(&templates)),
            templates,
            ids: Vec::new(),
            negatives: Vec::new(),
            likeness: population.model.likeness.clone(),
        })
    }

    /// The part of one of [`Embedding::JUDGED`].
    pub fn embedding(&self, which: Embedding) -> &EmbeddingProfile {
        &self.embeddings[which as usize]
    }

    /// The mean embedding D of the references, of unit length, by which a search or a claim is confirmed; empty where
    /// none of them has it.
    pub fn confirming(&self) -> &[f32] {
        &self.confirming
    }

    /// The usual range of attribute `index` of [`ATTRIBUTES`]; `None` where no reference shows it.
    pub fn attribute(&self, index: usize) -> Option<Spread> {
        self.attributes.get(index).copied().flatten()
    }

    /// For each part of a face, the gain in likeness to the references once it is covered, as a cosine, and the usual
    /// range of that gain; empty where too few references have parts.
    pub fn gains(&self, face: &Embeddings, parts: &Parts) -> Vec<(Part, f32, Spread)> {
        self.parts.as_ref().map_or_else(Vec::new, |own| own.gains(face, parts))
    }

    /// The references' templates.
    pub fn templates(&self) -> &[Template] {
        &self.templates
    }

    /// The negatives.
    pub fn negatives(&self) -> &[Negative] {
        &self.negatives
    }

    /// The id of the reference, or of the negative, with this index among them.
    pub fn sample_id(&self, kind: SampleKind, index: usize) -> Option<Uuid> {
        match kind {
            SampleKind::Reference => self.ids.get(index).copied(),
            _ => self.negatives.get(index).map(|n| n.id),
        }
    }

    /// About how many bytes it takes in memory.
    pub fn size(&self) -> usize {
        let own: usize = self.embeddings.iter().map(|e| e.centroid.len()).sum();
        let each = self.templates.iter().chain(self.negatives.iter().map(|n| &n.template));
        size_of::<Self>() + (own + self.confirming.len()) * size_of::<f32>() + each.map(size).sum::<usize>()
    }

    /// The conditions of `probe` less the references'.
    pub fn conditions(&self, probe: &Template) -> Conditions {
        Conditions::of(probe).beyond(&self.conditions)
    }

    /// The cosine that a genuine photograph under the conditions of `probe` is expected to have: the worse the
    /// conditions, the lower and the less certain.
    pub fn expectation(&self, which: Embedding, probe: &Template) -> Spread {
        let EmbeddingProfile { genuine, effects, effect_uncertainty, .. } = self.embedding(which);
        let effect = self.conditions(probe).effect(effects);
        let widened = (1.0 + (effect_uncertainty * effect).powi(2)).sqrt();
        Spread { centre: genuine.centre + effect * genuine.deviation, deviation: widened * genuine.deviation }
    }

    /// Whether both the references and `probe` have an embedding.
    pub fn compares(&self, which: Embedding, probe: &Template) -> bool {
        let own = &self.embedding(which).centroid;
        !own.is_empty() && own.len() == probe.embeddings.get(which).len()
    }

    /// The cosine of `probe` with the centroid of one embedding, -1..=1; 0 where either lacks it.
    pub fn similarity(&self, which: Embedding, probe: &Template) -> f32 {
        cosine(&self.embedding(which).centroid, probe.embeddings.get(which))
    }

    /// The similarity of `probe` by the embeddings that tell people apart; `None` where either side lacks embedding C.
    pub fn search_similarity(&self, probe: &Template) -> Option<Similarity> {
        let of_probe = probe.embeddings.get(Embedding::D);
        let both = !of_probe.is_empty() && of_probe.len() == self.confirming.len();
        self.compares(SEARCHED, probe).then(|| Similarity {
            searched: self.similarity(SEARCHED, probe),
            confirming: both.then(|| cosine(&self.confirming, of_probe)),
        })
    }

    /// The natural log odds that `probe` depicts this person, genuine or not, from the normalised cosines of the
    /// embeddings.
    pub fn likeness(&self, probe: &Template) -> f32 {
        let normalised = self.normalised_all(probe);
        self.likeness[0] + normalised.iter().zip(&self.likeness[1..]).map(|(p, w)| w * p).sum::<f32>()
    }

    /// [`Profile::normalised`] for each of [`Embedding::JUDGED`], clamped to -1..=1.5. One that either side lacks takes
    /// the mean of the others, so that it changes nothing.
    pub fn normalised_all(&self, probe: &Template) -> Vec<f32> {
        let each =
            Embedding::JUDGED.map(|e| self.compares(e, probe).then(|| self.normalised(e, probe).clamp(-1.0, 1.5)));
        let known: Vec<f32> = each.iter().flatten().copied().collect();
        let mean = known.iter().sum::<f32>() / known.len().max(1) as f32;
        each.into_iter().map(|p| p.unwrap_or(mean)).collect()
    }

    /// The cosine similarity normalised so that the mean of the nearest impostors is 0 and the expected genuine one is
    /// 1 (F-norm; Poh and Bengio 2005).
    pub fn normalised(&self, which: Embedding, probe: &Template) -> f32 {
        let part = self.embedding(which);
        (self.similarity(which, probe) - part.impostor.centre) / part.separation()
    }
}

/// About how many bytes a template takes in memory.
fn size(template: &Template) -> usize {
    let parts = template.parts.iter().flat_map(|p| Part::ALL.map(|part| p.without(part).len()));
    let values: usize = Embedding::ALL.map(|e| template.embeddings.get(e).len()).into_iter().chain(parts).sum();
    size_of::<Template>() + values * size_of::<f32>() + size_of_val(template.attributes.values())
}

/// The vectors of one embedding that can be compared with the cohort's: an earlier network's are left out.
fn vectors<'a>(which: Embedding, templates: &'a [Template], population: &Population) -> Vec<&'a [f32]> {
    let all = templates.iter().map(|t| t.embeddings.get(which)).filter(|v| !v.is_empty());
    match population.cohort.first() {
        Some(one) => all.filter(|v| v.len() == one.get(which).len()).collect(),
        None => all.collect(),
    }
}

/// The vectors of embedding D; of several lengths those of the newest reference.
fn confirming(templates: &[Template]) -> Vec<&[f32]> {
    let all = || templates.iter().map(|t| t.embeddings.get(Embedding::D)).filter(|v| !v.is_empty());
    let length = all().next_back().map_or(0, <[f32]>::len);
    all().filter(|v| v.len() == length).collect()
}

fn fit_embedding(
    which: Embedding,
    centroid: Vec<f32>,
    templates: &[Template],
    impostors: &[&Embeddings],
    population: &Population,
) -> EmbeddingProfile {
    let prior = population.prior(which);
    let vectors = vectors(which, templates, population);
    let genuine = Agreement::of(&vectors).genuine(&prior, population.model.prior_weight);
    let strangers: Vec<f32> = impostors.iter().map(|c| cosine(&centroid, c.get(which))).collect();
    EmbeddingProfile {
        centroid,
        genuine,
        impostor: Spread::of(&strangers),
        effects: prior.conditions,
        effect_uncertainty: prior.effect_uncertainty,
    }
}

fn fit_attribute(index: usize, templates: &[Template], population: &Population) -> Option<Spread> {
    let prior = ATTRIBUTES.get(index)?.within_person;
    let values: Vec<f32> =
        templates.iter().filter_map(|t| t.attributes.values().get(index).copied().flatten()).collect();
    // Without a measured spread there is no usual range.
    if values.is_empty() || prior <= 0.0 {
        return None;
    }
    Some(Spread::of_next(&values, prior, population.model.prior_weight))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::fixtures::{near, population, template};

    #[test]
    fn one_reference_gives_a_wider_spread_than_ten() {
        let population = population();
        let of = |n: u64| Profile::of_templates((0..n).map(|i| near(1, i)).collect(), &population).unwrap();
        for e in Embedding::JUDGED {
            let (one, ten) = (of(1), of(10));
            assert!(one.embedding(e).genuine.deviation > ten.embedding(e).genuine.deviation, "{e:?}");
            assert!(one.embedding(e).genuine.centre < ten.embedding(e).genuine.centre, "{e:?}");
        }
    }

    #[test]
    fn the_person_is_like_the_profile_and_a_stranger_is_not() {
        let profile = Profile::of_templates((0..6).map(|i| near(1, i)).collect(), &population()).unwrap();
        assert!(profile.likeness(&near(1, 99)) > 0.0);
        assert!(profile.likeness(&template(2)) < 0.0);
    }

    /// References of an earlier network, alone and beside new ones: that embedding is left out, and the others decide.
    #[test]
    fn vectors_of_another_length_are_left_out() {
        let population = population();
        let old = |i: u64| {
            let mut t = near(1, i);
            let [a, b, c, d] = Embedding::ALL.map(|e| t.embeddings.get(e).to_vec());
            t.embeddings = crate::template::Embeddings::new([a, b, [c, vec![1.0; 9]].concat(), d]);
            t
        };
        let profile = Profile::of_templates((0..4).map(old).collect(), &population).unwrap();
        assert!(profile.embedding(Embedding::C).centroid.is_empty() && !profile.compares(Embedding::C, &near(1, 9)));
        assert!(profile.likeness(&near(1, 99)) > 0.0 && profile.likeness(&template(2)) < 0.0);
        let normalised = profile.normalised_all(&near(1, 99));
        assert!((normalised[2] - f32::midpoint(normalised[0], normalised[1])).abs() < 1e-6);
        // Two of six are new: only they make the direction.
        let mixed = (0..4).map(old).chain((4..6).map(|i| near(1, i))).collect();
        let mixed = Profile::of_templates(mixed, &population).unwrap();
        let new = Profile::of_templates((4..6).map(|i| near(1, i)).collect(), &population).unwrap();
        assert_eq!(mixed.embedding(Embedding::C).centroid, new.embedding(Embedding::C).centroid);
        assert_eq!(mixed.embedding(Embedding::C).genuine, new.embedding(Embedding::C).genuine);
    }

    #[test]
    fn no_reference_no_profile() {
        assert!(Profile::of_templates(Vec::new(), &population()).is_none());
    }
}
