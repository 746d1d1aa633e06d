//! What a verification is sent: the image, the claim and the options, as a form, as JSON or as the bare image.
//!
//! The claim has one place in each: the form field `identity`, the key `identity`, and the query parameter `identity`
//! beside a bare image. In any other place it is refused; dropped, the answer would be about somebody else.

use axum::extract::{FromRequest, FromRequestParts as _, Request};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use utoipa::{IntoParams, ToSchema};

use crate::api::Problem;
use crate::api::extract::{Fields, Form, Kind, Params, bytes, json, text};
use crate::api::middleware::budget::Held;
use crate::error_code::ErrorCode;
use crate::identity::IdentityId;
use crate::service::{ServiceError, Upload, VerifyOptions};

/// One image, and optionally the identity that it is said to show. Options are in the query.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "documents the form")]
pub(crate) struct VerifyForm {
    #[schema(value_type = String, format = Binary)]
    image: String,
    /// The claimed identity's id; without it, all identities are searched for each face.
    #[schema(value_type = IdentityId, required = false)]
    identity: Option<String>,
}

impl Fields for VerifyForm {
    const TEXTS: &'static [(&'static str, &'static str)] = &[("identity", IDENTITY)];
    const PARAMETERS: &'static [&'static str] = &["timings", "stability", "full", "top_k", "target_fpir", "review"];
}

/// What the field `identity` holds.
const IDENTITY: &str = "the id of an identity";

/// One image in base64, and optionally the identity that it is said to show. The options are those of the query; one is
/// given here or there.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(crate) struct VerifyJson {
    /// The bytes of the image in base64: the standard alphabet, with or without padding, without line breaks.
    #[schema(value_type = String, format = Byte, content_encoding = "base64", min_length = 1)]
    image: Base64,
    /// The claimed identity's id; without it, all identities are searched for each face.
    #[serde(default)]
    #[schema(value_type = Option<IdentityId>)]
    identity: Option<String>,
    /// As in the query.
    #[serde(default)]
    timings: Option<bool>,
    /// As in the query.
    #[serde(default)]
    stability: Option<bool>,
    /// As in the query.
    #[serde(default)]
    full: Option<bool>,
    /// As in the query.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100)]
    top_k: Option<usize>,
    /// As in the query.
    #[serde(default)]
    #[schema(minimum = 0.000_001, maximum = 0.5)]
    target_fpir: Option<f32>,
    /// As in the query.
    #[serde(default)]
    review: Option<bool>,
}

/// The bytes of one image and nothing else. Claim and options are in the query.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[allow(dead_code, reason = "documents the body")]
pub(crate) struct BareImage(Vec<u8>);

/// Options of a verification.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct VerifyParams {
    /// Beside a bare image only: the claimed identity's id; without it, all identities are searched for each face. A
    /// form has the field `identity`, JSON the key `identity`.
    #[param(value_type = Option<IdentityId>)]
    identity: Option<String>,
    /// Add the time that each stage took, under `timings`.
    #[param(default = false)]
    timings: Option<bool>,
    /// Also verify a degraded copy of the face, and answer `inconclusive` if the two verdicts contradict each other.
    /// The default is the server's setting `verdict.stability_check`.
    stability: Option<bool>,
    /// Also estimate apparent age, sex and expression for faces that depict nobody enrolled. Changes no verdict; no
    /// effect with a claimed identity, and where the server's setting `verdict.apparent_traits` is off.
    #[param(default = false)]
    full: Option<bool>,
    /// Searches only: the number of candidates to list for each face, those over their threshold first, each
    /// group by similarity; without it, one. Refused beside a claim.
    #[param(minimum = 1, maximum = 100)]
    top_k: Option<usize>,
    /// Searches only: the share of strangers that may be taken for somebody enrolled, whatever the number enrolled
    /// (false-positive identification rate). The default is the server's setting `search.target_fpir`. Refused beside a
    /// claim.
    #[param(minimum = 0.000_001, maximum = 0.5)]
    target_fpir: Option<f32>,
    /// Add what a person who reviews the verdict looks at, under `review` of each face: the outlines of the face and of
    /// its features, and the nearest references. Changes no verdict.
    review: Option<bool>,
}

/// A verification to be done.
pub(crate) struct Probe {
    /// The encoded image.
    pub(in crate::api) bytes: Vec<u8>,
    /// The identity that the image is said to show.
    pub(in crate::api) claimed: Option<IdentityId>,
    pub(super) options: VerifyOptions,
    /// Whether the answer states the time of each stage.
    pub(super) timings: bool,
    /// The request's share of the memory budget for request bodies.
    pub(super) held: Option<Held>,
}

impl<S: Send + Sync> FromRequest<S> for Probe {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let kind = Kind::of(&parts.headers, &[Kind::Form, Kind::Json, Kind::Image])?;
        let Params(query) = Params::<VerifyParams>::from_request_parts(&mut parts, state).await?;
        let held = parts.extensions.get::<Held>().cloned();
        let request = Request::from_parts(parts, body);
        match kind {
            Kind::Form => {
                query.claims_nothing("form field")?;
                let form = Form::<VerifyForm>::from_request(request, state).await?;
                let claimed = form.text("identity").map(str::to_owned);
                Self::new(one_image(form)?, claimed, &query, held)
            }
            Kind::Json => {
                query.claims_nothing("JSON key")?;
                let body = bytes(request, state).await?;
                // Long enough to hold up other requests.
                let parsed = tokio::task::spawn_blocking(move || json::<VerifyJson>(&body)).await;
                let parsed = parsed.map_err(|_| Problem::internal("the work broke off"))??;
                let claimed = parsed.identity.as_deref();
                let claimed = claimed.map(|id| text("JSON key `identity`", IDENTITY, id.as_bytes())).transpose()?;
                let options = query.with(&parsed)?;
                Self::new(parsed.image.0, claimed, &options, held)
            }
            Kind::Image => {
                let claimed = query.identity.as_deref();
                let claimed =
                    claimed.map(|id| text("query parameter `identity`", IDENTITY, id.as_bytes())).transpose()?;
                Self::new(bytes(request, state).await?.into(), claimed, &query, held)
            }
        }
    }
}

impl Probe {
    fn new(bytes: Vec<u8>, claimed: Option<String>, query: &VerifyParams, held: Option<Held>) -> Result<Self, Problem> {
        let claimed = claimed.map(IdentityId::try_from).transpose().map_err(ServiceError::from)?;
        let VerifyParams { identity: _, timings, stability: stability_check, full, top_k, target_fpir, review } =
            *query;
        let (full, review) = (full.unwrap_or(false), review.unwrap_or(false));
        let options = VerifyOptions { stability_check, full, top_k, target_fpir, review };
        Ok(Self { bytes, claimed, options, timings: timings.unwrap_or(false), held })
    }
}

fn one_image(form: Form<VerifyForm>) -> Result<Vec<u8>, Problem> {
    let (mut images, _) = form.some_images()?;
    let (Some(Upload { bytes, .. }), true) = (images.pop(), images.is_empty()) else {
        let detail = "the form has several parts named `image`; send one image per request";
        return Err(Problem::new(ErrorCode::TooManyImages, detail));
    };
    Ok(bytes)
}

impl VerifyParams {
    /// # Errors
    /// When the query has the claim although the body is one that has a `place` for it.
    fn claims_nothing(&self, place: &str) -> Result<(), Problem> {
        if self.identity.is_none() {
            return Ok(());
        }
        let detail =
            format!("the query parameter `identity` belongs to a bare image: send the {place} `identity` instead");
        Err(Problem::new(ErrorCode::QueryInvalid, detail))
    }

    /// The options of the query and those of a JSON body together.
    ///
    /// # Errors
    /// When both have the same one.
    fn with(self, body: &VerifyJson) -> Result<Self, Problem> {
        Ok(Self {
            identity: None,
            timings: either("timings", self.timings, body.timings)?,
            stability: either("stability", self.stability, body.stability)?,
            full: either("full", self.full, body.full)?,
            top_k: either("top_k", self.top_k, body.top_k)?,
            target_fpir: either("target_fpir", self.target_fpir, body.target_fpir)?,
            review: either("review", self.review, body.review)?,
        })
    }
}

fn either<T>(name: &str, query: Option<T>, body: Option<T>) -> Result<Option<T>, Problem> {
    if query.is_some() && body.is_some() {
        let detail = format!("`{name}` is both in the query and in the body: send it once");
        return Err(Problem::new(ErrorCode::FieldRepeated, detail));
    }
    Ok(query.or(body))
}

/// Bytes from base64 text. They are decoded from the body where they stand, without a copy of the text.
struct Base64(Vec<u8>);

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Base64;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an image in base64")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Base64, E> {
                decode(text).map(Base64).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Text)
    }
}

fn decode(text: &str) -> Result<Vec<u8>, String> {
    const ENGINE: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    if text.starts_with("data:") {
        return Err("a data URL is not taken: send what follows its comma".into());
    }
    ENGINE.decode(text).map_err(|e| format!("not base64 of the standard alphabet without line breaks ({e})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_with_or_without_padding_and_nothing_else_is() {
        for good in ["aGk+", "aGk/Pw==", "aGk/Pw", ""] {
            assert!(decode(good).is_ok(), "{good}");
        }
        assert_eq!(decode("aGk/Pw").unwrap(), b"hi??");
        for bad in ["aGk-", "aGk_Pw", "aGk/\nPw==", "aG k+", "aGk+=", "a", "aGk/Px=="] {
            assert!(decode(bad).unwrap_err().contains("standard alphabet"), "{bad}");
        }
        assert!(decode("data:image/png;base64,aGk+").unwrap_err().contains("what follows its comma"));
    }

    #[test]
    fn an_option_is_given_once() {
        let body = |text: &str| json::<VerifyJson>(text.as_bytes()).unwrap();
        let query = || VerifyParams {
            identity: None,
            timings: Some(true),
            stability: None,
            full: None,
            top_k: Some(3),
            target_fpir: None,
            review: None,
        };
        let both = query().with(&body(r#"{"image":"","full":true,"top_k":null}"#)).unwrap();
        assert_eq!((both.timings, both.full, both.top_k), (Some(true), Some(true), Some(3)));
        let twice = query().with(&body(r#"{"image":"","top_k":3}"#)).err().unwrap();
        assert_eq!((twice.status, twice.code), (400, ErrorCode::FieldRepeated));
    }
}
