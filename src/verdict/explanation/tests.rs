use super::*;
use crate::face::{Area, Component, Occlusion, Quality};
use crate::identity::fixtures::{in_parts, near, population, stepped, template};
use crate::identity::{Profile, Sample, SampleKind};
use crate::template::{ATTRIBUTES, AttributeVector, Embedding, Embeddings, FaceHash, Part, Template};
use crate::verdict::fixtures::fusion;
use crate::verdict::{Fusion, Judgement, Verdict, judge_template};

const PERSON: &str = "Jane Doe";

fn profile(references: u64) -> Profile {
    Profile::of_templates((0..references).map(|i| near(1, i)).collect(), &population()).unwrap()
}

/// The profile of eight references, with a negative.
fn profile_with(kind: SampleKind, negative: Template) -> Profile {
    let sample = |kind, template| Sample {
        id: uuid::Uuid::nil(),
        kind,
        filename: None,
        image_sha256: String::new(),
        added_at: jiff::Timestamp::UNIX_EPOCH,
        template,
    };
    let mut samples: Vec<Sample> = (0..8).map(|i| sample(SampleKind::Reference, near(1, i))).collect();
    samples.push(sample(kind, negative));
    Profile::fit(&samples, &population()).unwrap()
}

fn explain(probe: &Template, profile: &Profile, fusion: &Fusion) -> (Verdict, Explanation) {
    let Judgement { evidence, decision, .. } = judge_template(probe, profile, fusion);
    (decision.verdict, Explanation::of(PERSON, &decision, &evidence))
}

#[test]
fn a_genuine_face_is_explained_by_agreement() {
    let (verdict, explanation) = explain(&near(1, 77), &profile(8), &fusion());
    assert_eq!(verdict, Verdict::Real);
    insta::assert_json_snapshot!(explanation);
}

#[test]
fn a_departing_face_is_explained_by_its_departures() {
    let (verdict, explanation) = explain(&stepped(1, 5, 1.2), &profile(8), &fusion());
    assert_eq!(verdict, Verdict::Fake);
    insta::assert_json_snapshot!(explanation);
}

#[test]
fn a_face_with_a_part_of_another_is_explained_by_that_part_and_another_age_is_said() {
    let references = (0..8).map(|i| in_parts(1, i, None)).collect();
    let profile = Profile::of_templates(references, &population()).unwrap();
    let mut probe = in_parts(1, 99, Some(Part::Mouth));
    probe.demographics.age = 61.0;
    let (verdict, explanation) = explain(&probe, &profile, &fusion());
    assert_ne!(verdict, Verdict::Real);
    let of_parts = explanation.differences.iter().filter(|d| d.attribute.starts_with("likeness_without"));
    let of_parts: Vec<_> = of_parts.map(|d| (d.region.as_str(), d.direction, d.weight < 0.0)).collect();
    assert_eq!(of_parts, [("mouth", Direction::Higher, true)]);
    insta::assert_json_snapshot!(explanation);
}

#[test]
fn a_part_that_departs_in_a_genuine_face_is_not_called_suspicious() {
    let references = (0..8).map(|i| in_parts(1, i, None)).collect();
    let profile = Profile::of_templates(references, &population()).unwrap();
    let mut fusion = Fusion { intercept: 7.0, ..fusion() };
    (fusion.thresholds.real, fusion.thresholds.fake) = (0.1, 0.05);
    let (verdict, explanation) = explain(&in_parts(1, 99, Some(Part::Mouth)), &profile, &fusion);
    assert_eq!(verdict, Verdict::Real);
    let mouth = explanation.differences.iter().find(|d| d.region == "mouth").unwrap();
    assert_eq!(mouth.direction, Direction::Higher);
    for text in explanation.differences.iter().map(|d| &d.text).chain([&explanation.summary]) {
        assert!(!text.contains("suspicious"), "{text}");
    }
    insta::assert_json_snapshot!([&explanation.summary, &mouth.text]);
}

#[test]
fn a_stranger_is_explained_by_likeness_and_one_reference_is_said() {
    let (verdict, explanation) = explain(&template(2), &profile(1), &fusion());
    assert_eq!(verdict, Verdict::DifferentPerson);
    assert!(explanation.summary.contains("one reference"));
    insta::assert_json_snapshot!(explanation);
}

#[test]
fn a_score_near_a_threshold_is_told_apart_from_it() {
    let (probe, profile, mut fusion) = (near(1, 77), profile(8), fusion());
    let score = judge_template(&probe, &profile, &fusion).decision.score;
    fusion.thresholds.real = score - 0.0004;
    let (verdict, explanation) = explain(&probe, &profile, &fusion);
    assert_eq!(verdict, Verdict::Real);
    insta::assert_json_snapshot!("near_the_threshold_real", explanation.summary);
    (fusion.thresholds.real, fusion.thresholds.fake) = (1.0, score + 0.000_02);
    let (verdict, explanation) = explain(&probe, &profile, &fusion);
    assert_eq!(verdict, Verdict::Fake);
    insta::assert_json_snapshot!("near_the_threshold_fake", explanation.summary);
    (fusion.thresholds.real, fusion.thresholds.fake) = (score + 0.0003, score - 0.2);
    let (verdict, explanation) = explain(&probe, &profile, &fusion);
    assert_eq!(verdict, Verdict::Inconclusive);
    insta::assert_json_snapshot!("near_the_threshold_inconclusive", explanation.summary);
}

#[test]
fn a_fake_of_which_no_single_measure_departs_is_explained_by_the_whole() {
    let fusion = Fusion { intercept: 0.5, ..fusion() };
    // The first photograph that is fake though each likeness alone is still usual.
    let profile = profile(8);
    let probe = (0..200).map(|i| stepped(1, 1000 + i, 0.66)).find(|probe| {
        let Judgement { evidence, decision, .. } = judge_template(probe, &profile, &fusion);
        decision.verdict == Verdict::Fake && evidence.embeddings.iter().all(|e| e.deviation > -2.0)
    });
    let (_, explanation) = explain(&probe.unwrap(), &profile, &fusion);
    assert!(explanation.differences.iter().all(|d| d.direction == Direction::Within));
    insta::assert_json_snapshot!(explanation);
}

#[test]
fn a_face_too_poor_to_be_judged_is_explained_by_its_quality() {
    let mut probe = near(1, 77);
    probe.quality = Quality::from_values([
        (Component::FaceSize, 15.0),
        (Component::Sharpness, 0.021),
        (Component::Pose, 60.0),
        (Component::Exposure, 110.0),
    ]);
    let (verdict, explanation) = explain(&probe, &profile(3), &fusion());
    assert_eq!(verdict, Verdict::Inconclusive);
    for text in explanation.differences.iter().map(|d| &d.text).chain([&explanation.summary]) {
        assert!(!text.contains("a genuine photograph") && !text.contains("the verdict"), "{text}");
    }
    insta::assert_json_snapshot!(explanation);
}

#[test]
fn a_face_nearer_to_a_negative_is_explained_by_it() {
    for (name, kind) in [("look_alike", SampleKind::NotThisPerson), ("known_fake", SampleKind::KnownFake)] {
        let probe = stepped(1, 5, 0.8);
        let profile = profile_with(kind, probe.clone());
        let (verdict, explanation) = explain(&probe, &profile, &fusion());
        assert_eq!(verdict == Verdict::DifferentPerson, kind == SampleKind::NotThisPerson);
        insta::assert_json_snapshot!(format!("nearer_to_a_{name}"), explanation.summary);
    }
}

#[test]
fn a_copy_of_a_reference_is_said() {
    let hash = Some(FaceHash([7; 32]));
    let mut references: Vec<Template> = (0..8).map(|i| near(1, i)).collect();
    references[3].hash = hash;
    let probe = Template { hash, ..references[3].clone() };
    let profile = Profile::of_templates(references, &population()).unwrap();
    let (verdict, explanation) = explain(&probe, &profile, &fusion());
    assert_eq!(verdict, Verdict::Real);
    insta::assert_json_snapshot!(explanation.summary);
    // The same picture with another face in it.
    let mut poor = template(2);
    poor.quality = Quality::from_values([(Component::FaceSize, 15.0), (Component::Sharpness, 0.021)]);
    let faces = [
        ("of_another", template(2), Verdict::Fake),
        ("fake", stepped(1, 5, 1.2), Verdict::Fake),
        ("too_poor", poor, Verdict::DifferentPerson),
    ];
    for (name, face, expected) in faces {
        let (verdict, explanation) = explain(&Template { hash, ..face }, &profile, &fusion());
        assert_eq!(verdict, expected, "{name}");
        insta::assert_json_snapshot!(format!("a_copy_with_another_face_{name}"), explanation.summary);
    }
}

#[test]
fn a_verdict_that_a_degraded_copy_contradicts_is_explained_by_both() {
    let (profile, fusion) = (profile(8), fusion());
    let (probe, copy) = (near(1, 77), stepped(1, 5, 1.2));
    let seen: Result<_, std::convert::Infallible> = crate::verdict::judge(
        &probe,
        &profile,
        &fusion,
        || Ok(Vec::new()),
        || Ok(None),
        || Ok(None),
        || Ok(Some(copy)),
    );
    let Ok(Judgement { evidence, decision, .. }) = seen;
    assert_eq!(decision.verdict, Verdict::Inconclusive);
    insta::assert_json_snapshot!(Explanation::of(PERSON, &decision, &evidence).summary);
}

/// The template with these attributes and no others.
fn with(mut template: Template, values: &[(&str, f32)]) -> Template {
    let mut all = vec![None; ATTRIBUTES.len()];
    for (name, value) in values {
        all[ATTRIBUTES.iter().position(|s| s.name == *name).unwrap()] = Some(*value);
    }
    template.attributes = AttributeVector::new(all);
    template
}

#[test]
fn attributes_and_traces_are_told_in_words_and_their_usual_range_is_possible() {
    let usual = [
        ("nasal_width", 34.0),
        ("neck_colour_difference", 3.0),
        ("synthesis_trace", -3.0),
        ("nose_blending_trace", -0.2),
    ];
    let references = (0..8).map(|i| with(near(1, i), &usual)).collect();
    let profile = Profile::of_templates(references, &population()).unwrap();
    let probe = [
        ("nasal_width", 60.0),
        ("neck_colour_difference", 90.0),
        ("synthesis_trace", 9.0),
        ("nose_blending_trace", 5.0),
    ];
    let (_, explanation) = explain(&with(near(1, 77), &probe), &profile, &fusion());
    let colour = explanation.differences.iter().find(|d| d.attribute == "neck_colour_difference").unwrap();
    assert!(colour.expected[0] >= 0.0, "{colour:?}");
    insta::assert_json_snapshot!(explanation);
}

/// Of the traces the score considers those of the whole face, and says so of no other.
#[test]
fn only_the_trace_of_the_whole_face_affects_the_score() {
    let usual = [("blending_trace", -3.0), ("nose_blending_trace", -0.2)];
    let references = (0..8).map(|i| with(near(1, i), &usual)).collect();
    let profile = Profile::of_templates(references, &population()).unwrap();
    let probe = with(near(1, 77), &[("blending_trace", 9.0), ("nose_blending_trace", 5.0)]);
    let (_, explanation) = explain(&probe, &profile, &fusion());
    let of = |name: &str| explanation.differences.iter().find(|d| d.attribute == name).unwrap();
    let (face, nose) = (of("blending_trace"), of("nose_blending_trace"));
    assert!(face.weight < 0.0 && nose.weight == 0.0, "{explanation:?}");
    assert!(!face.text.contains("does not affect") && nose.text.ends_with("This does not affect the score."));
    assert!(explanation.summary.matches("races of blending").count() <= 1, "{}", explanation.summary);
}

/// What stands in the fields beside a sentence stands nowhere in it.
#[test]
fn sentences_hold_no_names_of_measures_and_no_units_of_specialists() {
    let probes = [near(1, 77), stepped(1, 5, 1.2), in_parts(1, 99, Some(Part::Eyes)), template(2)];
    let mut texts: Vec<String> = Vec::new();
    for probe in probes {
        let (_, explanation) = explain(&probe, &profile(8), &fusion());
        texts.extend(explanation.differences.into_iter().map(|d| d.text));
        texts.push(explanation.summary);
    }
    let nearest = CandidateFacts { person: "Jane Doe", similarity: 0.5, threshold: 0.58 };
    let facts = SearchFacts { gallery_size: 3, candidate: Some(nearest) };
    texts.push(Explanation::of_nobody(&facts).summary);
    texts.push(Explanation::only("So it is.").found_by(&facts, true).summary);
    for text in texts {
        for word in ["logit", "log odds", "embedding", "cosine", "ITA", "CIELAB", "canthal", "standard unit", "  "] {
            assert!(!text.contains(word), "{word}: {text}");
        }
        assert!(text.ends_with('.'), "{text}");
    }
    let vectors = |e: Embedding| near(1, 1).embeddings.get(e).to_vec();
    let same = Template { embeddings: Embeddings::new(Embedding::ALL.map(vectors)), ..near(1, 1) };
    for d in explain(&same, &profile(8), &fusion()).1.differences {
        assert!(d.expected[0] >= -1.0 && d.expected[1] <= 1.0, "{d:?}");
    }
}

#[test]
fn a_covered_face_is_explained_by_what_is_covered() {
    let cover = |areas: &[Area]| Some(Occlusion::new(Area::ALL.map(|a| if areas.contains(&a) { 0.9 } else { 0.0 })));
    let masked = Template { occlusion: cover(&[Area::Nose, Area::Mouth, Area::Chin]), ..near(1, 77) };
    let (verdict, explanation) = explain(&masked, &profile(8), &fusion());
    assert_eq!(verdict, Verdict::Inconclusive);
    assert!(explanation.differences.iter().all(|d| !d.attribute.starts_with("likeness")), "embeddings see the mask");
    insta::assert_json_snapshot!(explanation);
    let chin = Template { occlusion: cover(&[Area::Chin]), ..near(1, 77) };
    let (verdict, explanation) = explain(&chin, &profile(8), &fusion());
    assert_eq!(verdict, Verdict::Real);
    insta::assert_json_snapshot!("a_covered_chin", explanation.summary);
}
