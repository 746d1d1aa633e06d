//! What reviewers decided, as answers to fit to.
//!
//! A decision says what a picture was where it confirms `real`, `fake` or `different_person`, or overturns `real` or
//! `fake`. Other decisions leave it open: an overturned `different_person` may be genuine or a fake.

use serde_json::Value;

use super::{Measured, Record};
use crate::verdict::{Calibration, ScoreMap, Verdict};

/// The decided cases as answers.
#[derive(Debug, Default)]
pub struct Decided {
    /// The answers.
    pub measured: Measured,
    /// Cases that say nothing of what the picture was, or have no face.
    pub undecided: usize,
    /// Cases of other models, or with a score that another calibration mapped.
    pub other_scores: usize,
}

impl Decided {
    /// Adds the answer in `case`, which is as `GET /v1/cases/{id}` gives it, for the networks with the version `models`.
    /// A score that `calibration` mapped is mapped back.
    pub fn add(&mut self, case: &Value, models: &str, calibration: Option<&Calibration>) {
        let answer = &case["answer"];
        let Some(kind) = kind(case) else {
            self.undecided += 1;
            return;
        };
        let map = (answer["versions"]["models"] == models).then(|| map_of(answer, calibration)).flatten();
        let Some(map) = map else {
            self.other_scores += 1;
            return;
        };
        match record(case, kind, map) {
            Some(record) => self.measured.records.push(record),
            None => self.undecided += 1,
        }
    }
}

/// What the picture was: the name of a set.
fn kind(case: &Value) -> Option<&'static str> {
    let verdict = case["case"]["verdict"].as_str()?;
    match (verdict, case["case"]["decision"].as_str()?) {
        ("real", "confirmed") | ("fake", "overturned") => Some("real"),
        ("fake", "confirmed") | ("real", "overturned") => Some("fake:decided"),
        ("different_person", "confirmed") => Some("other"),
        _ => None,
    }
}

/// The map of an answer's scores; `None` where it is not known.
fn map_of(answer: &Value, calibration: Option<&Calibration>) -> Option<ScoreMap> {
    let Some(fitted_at) = answer["calibration"]["fitted_at"].as_str() else { return Some(ScoreMap::default()) };
    let own = calibration.filter(|own| own.source.fitted_at.to_string() == fitted_at)?;
    Some(own.map)
}

fn record(case: &Value, kind: &str, map: ScoreMap) -> Option<Record> {
    let (summary, answer) = (&case["case"], &case["answer"]);
    let face = answer["faces"].get(usize::try_from(answer["deciding_face"].as_u64()?).ok()?)?;
    let verdict = summary["verdict"].as_str()?;
    Some(Record {
        identity: summary["identity"]["id"].as_str()?.to_owned(),
        degrade: "none".into(),
        set: kind.to_owned(),
        // The same picture sent twice is one picture.
        path: summary["image_sha256"].as_str()?.to_owned(),
        verdict: Verdict::ALL.into_iter().find(|v| v.name() == verdict),
        score: Some(f64::from(map.inverse().apply(face["score"].as_f64()? as f32))),
        likeness: Some(face["likeness"].as_f64()?),
        quality: Some(face["quality"]["score"].as_f64()?),
        ..Record::default()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn case(verdict: &str, decision: &str) -> Value {
        json!({
            "case": {"verdict": verdict, "decision": decision, "identity": {"id": "jane"}, "image_sha256": "ab"},
            "answer": {"deciding_face": 0, "calibration": null, "versions": {"models": "m1"}, "faces": [
                {"score": 0.25, "likeness": 3.5, "quality": {"score": 80.0}}]},
        })
    }

    fn one(case: &Value, models: &str, calibration: Option<&Calibration>) -> Decided {
        let mut decided = Decided::default();
        decided.add(case, models, calibration);
        decided
    }

    #[test]
    fn decisions_say_what_a_picture_was_or_leave_it_open() {
        for (verdict, decision, set) in [
            ("real", "confirmed", Some("real")),
            ("fake", "confirmed", Some("fake:decided")),
            ("fake", "overturned", Some("real")),
            ("real", "overturned", Some("fake:decided")),
            ("different_person", "confirmed", Some("other")),
            ("different_person", "overturned", None),
            ("inconclusive", "confirmed", None),
            ("fake", "unsure", None),
        ] {
            let decided = one(&case(verdict, decision), "m1", None);
            let sets: Vec<&str> = decided.measured.records.iter().map(|r| r.set.as_str()).collect();
            assert_eq!(sets, set.into_iter().collect::<Vec<_>>(), "{verdict} {decision}");
            assert_eq!(decided.undecided, usize::from(set.is_none()));
        }
        let decided = one(&case("fake", "confirmed"), "m1", None);
        let record = &decided.measured.records[0];
        assert_eq!((record.score, record.likeness, record.quality), (Some(0.25), Some(3.5), Some(80.0)));
        assert_eq!((record.kind(), record.path.as_str()), ("fake", "ab"));
    }

    #[test]
    fn scores_of_other_models_or_of_another_calibration_are_left_out() {
        let decided = one(&case("fake", "confirmed"), "m2", None);
        assert_eq!((decided.measured.records.len(), decided.other_scores), (0, 1));
        let mut calibrated = case("fake", "confirmed");
        calibrated["answer"]["calibration"] = json!({"fitted_at": "2026-01-31T12:00:00Z"});
        let decided = one(&calibrated, "m1", None);
        assert_eq!((decided.measured.records.len(), decided.other_scores), (0, 1));
        let mut faceless = case("real", "overturned");
        faceless["answer"]["deciding_face"] = Value::Null;
        assert_eq!(one(&faceless, "m1", None).undecided, 1);
    }
}
