//! An identity as it is stored: the record, its references and its negatives.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

use crate::template::Template;

/// The operator's own name for an identity: `[a-z0-9][a-z0-9._-]{0,63}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IdentityId(String);

/// The text is not an identity's id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an identity id: it must match [a-z0-9][a-z0-9._-]{{0,63}}")]
pub struct InvalidIdentityId(String);

impl IdentityId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for IdentityId {
    type Error = InvalidIdentityId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let alnum = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let starts = text.bytes().next().is_some_and(alnum);
        let rest = text.bytes().all(|b| alnum(b) || matches!(b, b'.' | b'_' | b'-'));
        if starts && rest && text.len() <= 64 {
            Ok(Self(text))
        } else {
            Err(InvalidIdentityId(text.chars().take(80).collect()))
        }
    }
}

impl FromStr for IdentityId {
    type Err = InvalidIdentityId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(text.to_owned())
    }
}

impl From<IdentityId> for String {
    fn from(id: IdentityId) -> Self {
        id.0
    }
}

impl PartialSchema for IdentityId {
    fn schema() -> RefOr<Schema> {
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("The operator's own name for an identity."))
            .pattern(Some("^[a-z0-9][a-z0-9._-]{0,63}$"))
            .min_length(Some(1))
            .max_length(Some(64));
        schema.examples(["jane.doe"]).into()
    }
}

impl ToSchema for IdentityId {}

impl fmt::Display for IdentityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The target error rates of verdicts about a person; `None`: the general ones. The operating points of the fusion
/// limit which rates are possible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ErrorTargets {
    /// The share of genuine photographs that may be called fake, above 0 and below 1.
    pub genuine_called_fake: Option<f32>,
    /// The share of fakes that may be called real, above 0 and below 1.
    pub fake_called_real: Option<f32>,
}

/// The part of an identity that the operator writes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IdentityFields {
    /// The person's name as a reviewer should read it; at most 200 characters.
    pub display_name: String,
    /// Legal basis for keeping the templates, for example `consent` or `contract` (GDPR Art. 9(2)).
    pub consent_basis: Option<String>,
    /// When the identity stops matching and is due for erasure.
    pub expires_at: Option<Timestamp>,
    /// The target error rates of its thresholds.
    pub targets: ErrorTargets,
}

impl IdentityFields {
    /// The longest name and the longest consent basis, in characters.
    pub const TEXT_MAX: usize = 200;

    /// Checks that the fields may be written at `now`.
    ///
    /// # Errors
    /// A sentence that names the field.
    pub fn check(&self, now: Timestamp) -> Result<(), String> {
        let fits =
            |t: &str| !t.trim().is_empty() && t.chars().count() <= Self::TEXT_MAX && !t.chars().any(char::is_control);
        let wrong =
            |field| Err(format!("{field} must have 1 to {} characters and no control characters", Self::TEXT_MAX));
        if !fits(&self.display_name) {
            return wrong("display_name");
        }
        if !self.consent_basis.as_deref().is_none_or(fits) {
            return wrong("consent_basis");
        }
        if self.expires_at.is_some_and(|end| end <= now) {
            return Err("expires_at must lie in the future".into());
        }
        Ok(())
    }
}

/// A protected person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IdentityRecord {
    /// The operator's id.
    pub id: IdentityId,
    /// The fields that the operator writes.
    pub fields: IdentityFields,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its fields, references or negatives last changed.
    pub updated_at: Timestamp,
}

/// The kind of an enrolled image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SampleKind {
    /// A genuine photograph of the identity.
    Reference,
    /// Another person, often mistaken for the identity.
    NotThisPerson,
    /// A known fake of the identity.
    KnownFake,
}

impl SampleKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Reference, Self::NotThisPerson, Self::KnownFake];

    /// The name in files and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::NotThisPerson => "not_this_person",
            Self::KnownFake => "known_fake",
        }
    }
}

/// The two sets of an identity's samples. Its text form is `reference` or `negative`: one sample of the set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleSet {
    /// Genuine photographs of the identity.
    References,
    /// Other people, and known fakes of the identity.
    Negatives,
}

impl SampleSet {
    /// Whether samples of this kind belong to it.
    pub fn holds(self, kind: SampleKind) -> bool {
        (kind == SampleKind::Reference) == (self == Self::References)
    }
}

impl fmt::Display for SampleSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::References => "reference",
            Self::Negatives => "negative",
        })
    }
}

/// One enrolled image: a reference or a negative, without its pixels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Unique, sorted by time (UUID version 7).
    pub id: Uuid,
    /// The kind.
    pub kind: SampleKind,
    /// The file name of the upload, at most 255 characters, control characters removed.
    pub filename: Option<String>,
    /// SHA-256 of the encoded image, hex.
    pub image_sha256: String,
    /// When it was added.
    pub added_at: Timestamp,
    /// The template of the face that was taken from it.
    pub template: Template,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ids_are_lower_case_names() {
        for good in ["a", "0", "jane.doe-2_x", &"z".repeat(64)] {
            assert_eq!(good.parse::<IdentityId>().unwrap().as_str(), good);
        }
        for bad in ["", ".a", "-a", "A", "jané", "a/b", "a b", "a\0", &"z".repeat(65)] {
            assert!(bad.parse::<IdentityId>().is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn accepted_ids_match_the_documented_pattern(text in "\\PC{0,70}") {
            let ok = text.parse::<IdentityId>().is_ok();
            let documented = !text.is_empty() && text.len() <= 64
                && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c))
                && !text.starts_with(['.', '_', '-']);
            prop_assert_eq!(ok, documented);
        }
    }
}
