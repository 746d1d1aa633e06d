//! The protocol: which photographs are enrolled, and which pictures are verified against them.
//!
//! For each seed and person some genuine photographs are drawn as references; everything else is a probe. A draw
//! depends on paths and the seed alone, so it is the same on every machine, and a picture added elsewhere does not
//! change it.

use sha2::{Digest, Sha256};

use super::{Dataset, Degradation, Picture, Set};
use crate::identity::{OfferedImage, Outcome, Population, Profile, admit};
use crate::template::Template;

/// The size of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Protocol {
    /// Photographs offered as references per person; at most half of the person's photographs.
    pub references: usize,
    /// Draws per person.
    pub seeds: u64,
    /// Pictures of other people per person and draw.
    pub others: usize,
    /// The most probes of any one set per person and draw; 0: all.
    pub max_per_set: usize,
    /// Degradations of the probes; references are enrolled undegraded.
    pub degradations: Vec<Degradation>,
}

impl Default for Protocol {
    fn default() -> Self {
        Self { references: 10, seeds: 2, others: 60, max_per_set: 0, degradations: vec![Degradation::None] }
    }
}

/// One draw for one person.
#[derive(Debug)]
pub struct Draw<'a, T> {
    /// The number of the draw, from 0.
    pub seed: u64,
    /// The claimed identity.
    pub person: &'a str,
    /// The photographs offered as references.
    pub references: Vec<&'a Picture<T>>,
    /// The pictures verified, by set.
    pub probes: Vec<(Set, Vec<&'a Picture<T>>)>,
    /// The number of forgeries left out because they were made from one of the references: they would be compared with
    /// their own pixels.
    pub excluded: usize,
}

/// The draws of `protocol`, by seed and person.
pub fn draws<'a, T>(dataset: &'a Dataset<T>, protocol: &Protocol) -> Vec<Draw<'a, T>> {
    let people = dataset.people.keys();
    (0..protocol.seeds).flat_map(|seed| people.clone().map(move |p| draw(dataset, protocol, seed, p))).collect()
}

fn draw<'a, T>(dataset: &'a Dataset<T>, protocol: &Protocol, seed: u64, person: &'a str) -> Draw<'a, T> {
    let sets = &dataset.people[person];
    let real = shuffled(sets[&Set::Real].iter().collect(), seed);
    let (references, rest) = real.split_at(protocol.references.min((real.len() / 2).max(1)));
    let mut probes = vec![(Set::Real, rest.to_vec())];
    let mut excluded = 0;
    for (set, pictures) in sets.iter().filter(|(set, _)| matches!(set, Set::Fake(_))) {
        let clean = pictures.iter().filter(|p| !references.iter().any(|r| p.is_made_from(r)));
        let clean = shuffled(clean.collect(), seed);
        excluded += pictures.len() - clean.len();
        probes.push((set.clone(), clean));
    }
    let own = sets.get(&Set::Other).into_iter().flatten().collect::<Vec<_>>();
    let strangers = || dataset.people.iter().filter(|(p, _)| *p != person).filter_map(|(_, s)| s.get(&Set::Real));
    let mut others = shuffled(if own.is_empty() { strangers().flatten().collect() } else { own }, seed);
    others.truncate(protocol.others);
    probes.push((Set::Other, others));
    if protocol.max_per_set > 0 {
        for (_, pictures) in &mut probes {
            pictures.truncate(protocol.max_per_set);
        }
    }
    probes.retain(|(_, pictures)| !pictures.is_empty());
    Draw { seed, person, references: references.to_vec(), probes, excluded }
}

/// A reproducible shuffle: by a hash of seed and path.
fn shuffled<T>(mut pictures: Vec<&Picture<T>>, seed: u64) -> Vec<&Picture<T>> {
    pictures.sort_by_cached_key(|p| Sha256::digest(format!("{seed}/{}", p.path)).to_vec());
    pictures
}

/// Enrolls photographs, each with its faces, by the service's own rules. The outcomes are in the order of the
/// photographs; the profile is `None` where none was accepted.
pub fn enroll(photographs: Vec<OfferedImage>, population: &Population) -> (Option<Profile>, Vec<Outcome>) {
    let outcomes = admit(&[], &photographs, population);
    let taken = photographs.into_iter().zip(&outcomes).filter_map(|(mut photograph, outcome)| {
        let face = *outcome.as_ref().ok()?;
        (face < photograph.faces.len()).then(|| photograph.faces.swap_remove(face))
    });
    let taken: Vec<Template> = taken.collect();
    (Profile::of_templates(taken, population), outcomes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::identity::fixtures::{near, population, template};

    fn dataset() -> Dataset<()> {
        let mut paths = Vec::new();
        for person in ["a", "b", "c"] {
            paths.extend((0..12).map(|i| format!("{person}/real/{i:04}.jpg")));
            paths.extend((0..9).map(|i| format!("{person}/fake/swap/{i:02}__{i:04}__x.jpg")));
        }
        paths.extend((0..3).map(|i| format!("c/other/{i}.jpg")));
        Dataset::of(paths.into_iter().map(|p| (p, ())))
    }

    #[test]
    fn others_are_the_folder_or_the_other_people() {
        let it = dataset();
        let all = draws(&it, &Protocol { seeds: 1, others: 20, ..Protocol::default() });
        let others = |i: usize| &all[i].probes.iter().find(|(s, _)| *s == Set::Other).unwrap().1;
        assert!(others(0).len() == 20 && others(0).iter().all(|p| !p.path.starts_with("a/")));
        assert!(others(2).len() == 3 && others(2).iter().all(|p| p.path.starts_with("c/other/")));
    }

    #[test]
    fn another_person_is_not_enrolled() {
        let candidate = |i: u64, t: Template| OfferedImage { sha256: i.to_string(), faces: vec![t] };
        let mut photographs: Vec<OfferedImage> = (0..6).map(|i| candidate(i, near(1, i))).collect();
        photographs.push(candidate(9, template(2)));
        let (profile, outcomes) = enroll(photographs, &population());
        assert_eq!(profile.unwrap().references, 6);
        assert_eq!(outcomes[6].as_ref().unwrap_err().code(), crate::error_code::ErrorCode::NotSamePerson);
        assert!(enroll(Vec::new(), &population()).0.is_none());
    }

    proptest! {
        #[test]
        fn no_probe_is_a_reference_or_made_from_one(references in 0..20usize, max_per_set in 0..6usize) {
            let it = dataset();
            let protocol = Protocol { references, max_per_set, seeds: 3, ..Protocol::default() };
            let all = draws(&it, &protocol);
            prop_assert_eq!(all.len(), 9);
            for draw in &all {
                prop_assert_eq!(draw.references.len(), references.min(6));
                for (set, pictures) in &draw.probes {
                    prop_assert!(max_per_set == 0 || pictures.len() <= max_per_set);
                    for p in pictures {
                        prop_assert!(draw.references.iter().all(|r| r.path != p.path));
                        prop_assert!(!matches!(set, Set::Fake(_)) || draw.references.iter().all(|r| !p.is_made_from(r)));
                    }
                }
                let probes = draw.probes.iter().map(|(_, p)| p.len()).sum::<usize>() + draw.excluded;
                let others = if draw.person == "c" { 3 } else { 24 };
                prop_assert!(max_per_set > 0 || probes == 12 - draw.references.len() + 9 + others);
            }
        }

        #[test]
        fn draws_are_reproducible(seeds in 1..4u64) {
            let it = dataset();
            let paths = || -> Vec<Vec<String>> {
                let all = draws(&it, &Protocol { seeds, ..Protocol::default() });
                all.iter().map(|d| d.references.iter().map(|r| r.path.clone()).collect()).collect()
            };
            prop_assert_eq!(paths(), paths());
        }
    }
}
