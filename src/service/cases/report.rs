//! The report on a case, for legal or editorial use.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::CaseDetails;

/// Everything that is known of a case, with what it takes to judge it elsewhere.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CaseReport {
    /// When the report was made (RFC 3339).
    #[schema(value_type = String, format = DateTime)]
    pub report_made_at: Timestamp,
    /// The version of faceward that made the report; those behind the verdict stand in the answer.
    pub made_by: String,
    /// The error rates that the thresholds of the verdict were fitted to, and on what, in a sentence.
    pub expected_error: String,
    /// The case.
    pub details: CaseDetails,
}

impl CaseReport {
    /// The report on a case as it stands at `now`.
    pub fn of(details: CaseDetails, now: Timestamp) -> Self {
        Self {
            report_made_at: now,
            made_by: format!("faceward {}", env!("CARGO_PKG_VERSION")),
            expected_error: expected_error(&details.answer),
            details,
        }
    }
}

/// A share, 0 to 1, in percent.
fn percent(share: &Value) -> String {
    let share = share.as_f64().unwrap_or_default() * 100.0;
    format!("{} %", (share * 100.0).round() / 100.0)
}

fn expected_error(answer: &Value) -> String {
    let t = &answer["thresholds"];
    let rates = format!(
        "The thresholds were fitted so that {} of genuine photographs are called fake, {} of fakes real, and {} of \
         genuine photographs another person",
        percent(&t["target_genuine_called_fake"]),
        percent(&t["target_fake_called_real"]),
        percent(&t["target_fnmr"]),
    );
    match &answer["calibration"] {
        Value::Null => format!(
            "{rates}, on people held out of faceward's training. On other pictures the rates differ; the model card \
             says how."
        ),
        own => format!(
            "{rates}, on the operator's own pictures of {} people ({} genuine, {} fakes), at {}.",
            own["people"],
            own["genuine"],
            own["fakes"],
            own["fitted_at"].as_str().unwrap_or("an unknown time"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_expected_error_says_what_it_was_fitted_on() {
        let thresholds = json!({"target_genuine_called_fake": 0.04, "target_fake_called_real": 0.105_f32,
            "target_fnmr": 0.01});
        let shipped = expected_error(&json!({"thresholds": thresholds, "calibration": null}));
        assert!(shipped.contains("4 % of genuine") && shipped.contains("10.5 % of fakes real"), "{shipped}");
        assert!(shipped.contains("held out"), "{shipped}");
        let calibration = json!({"people": 7, "genuine": 90, "fakes": 30, "fitted_at": "2026-01-31T12:00:00Z"});
        let own = expected_error(&json!({"thresholds": thresholds, "calibration": calibration}));
        assert!(own.contains("7 people (90 genuine, 30 fakes), at 2026-01-31T12:00:00Z."), "{own}");
    }
}
