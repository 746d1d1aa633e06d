//! `/v1/identities`.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::receipts;
use crate::api::Problem;
use crate::api::extract::{Body, Id, Params};
use crate::api::middleware::auth::Caller;
use crate::api::state::AppState;
use crate::error_code::ErrorCode;
use crate::identity::{ErrorTargets, IdentityFields, IdentityId, IdentityRecord};
use crate::service::{Enrolled, ProfileReport, RecordedService, Service, ServiceError, ThresholdReport};
use crate::store::ErasureReason;

/// The fields of an identity that an operator writes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(crate) struct IdentityInput {
    /// The person's name for reviewers.
    #[schema(value_type = ShortText)]
    display_name: String,
    /// Legal basis for keeping the templates, for example `consent` (GDPR Art. 9(2)).
    #[serde(default)]
    #[schema(value_type = Option<ShortText>)]
    consent_basis: Option<String>,
    /// When the identity stops matching and is due for erasure (RFC 3339).
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// The target share of this person's genuine photographs that are called fake: above 0 and below 1, within the
    /// operating points (as shipped .005 to .2). Without it, the target of all identities.
    #[serde(default)]
    #[schema(exclusive_minimum = 0, exclusive_maximum = 1)]
    target_genuine_called_fake: Option<f32>,
    /// The target share of fakes of this person that are called real: above 0 and below 1, within the operating points
    /// (as shipped .01 to .3). Without it, the target of all identities.
    #[serde(default)]
    #[schema(exclusive_minimum = 0, exclusive_maximum = 1)]
    target_fake_called_real: Option<f32>,
}

/// A text that [`IdentityFields::check`] takes.
struct ShortText;

impl PartialSchema for ShortText {
    fn schema() -> RefOr<Schema> {
        // Somewhere a character that is neither a control character nor a space, and no control character anywhere.
        let pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$";
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("A line of text: no control characters, and not only spaces."))
            .pattern(Some(pattern))
            .min_length(Some(1))
            .max_length(Some(IdentityFields::TEXT_MAX));
        schema.into()
    }
}

impl ToSchema for ShortText {}

/// An identity. Templates are never part of an answer.
#[derive(Serialize, ToSchema)]
pub(crate) struct Identity {
    /// The operator's own name for it.
    #[schema(value_type = IdentityId)]
    id: String,
    /// The person's name for reviewers.
    display_name: String,
    /// Legal basis for keeping the templates.
    #[schema(required)]
    consent_basis: Option<String>,
    /// When the identity stops matching and is due for erasure (RFC 3339); `null`: never.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    expires_at: Option<Timestamp>,
    /// The target share of genuine photographs called fake that was written; `null`: that of all identities.
    #[schema(required)]
    target_genuine_called_fake: Option<f32>,
    /// The target share of fakes called real that was written; `null`: that of all identities.
    #[schema(required)]
    target_fake_called_real: Option<f32>,
    /// The thresholds of verdicts about this identity, and the error rates that they were fitted to.
    thresholds: ThresholdReport,
    /// RFC 3339.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When its fields, references or negatives last changed (RFC 3339).
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// The number of references.
    references: usize,
    /// The number of negatives.
    negatives: usize,
    /// Whether searches cannot find this identity, because its templates were made by networks that are no longer used.
    /// Enroll another photograph; or delete a reference and enroll its photograph again; or run `faceward identities
    /// refresh` where images are kept. Claims are still
    /// verified.
    enroll_again: bool,
    /// The profile fitted to the references; `null` without any.
    #[schema(required)]
    profile: Option<ProfileReport>,
}

impl Identity {
    fn of(service: &Service, enrolled: &Enrolled) -> Self {
        let IdentityRecord { id, fields, created_at, updated_at } = &enrolled.record;
        Self {
            id: id.to_string(),
            display_name: fields.display_name.clone(),
            consent_basis: fields.consent_basis.clone(),
            expires_at: fields.expires_at,
            target_genuine_called_fake: fields.targets.genuine_called_fake,
            target_fake_called_real: fields.targets.fake_called_real,
            thresholds: service.thresholds(enrolled),
            created_at: *created_at,
            updated_at: *updated_at,
            references: enrolled.references,
            negatives: enrolled.negatives,
            enroll_again: enrolled.is_outdated(),
            profile: service.profile_report(enrolled),
        }
    }
}

/// One page of identities, sorted by id.
#[derive(Serialize, ToSchema)]
pub(crate) struct IdentityPage {
    /// At most `limit` identities.
    identities: Vec<Identity>,
    /// The `cursor` of the next page; `null` on the last page.
    #[schema(value_type = Option<IdentityId>, required)]
    next_cursor: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageParams {
    /// Part of the display name or of the id, in upper or lower case: only identities that have it are listed.
    #[param(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// The `next_cursor` of the previous page.
    #[param(value_type = Option<IdentityId>)]
    cursor: Option<String>,
    /// Identities per page.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<usize>,
}

/// The most characters of a name that is looked for.
const LONGEST_NAME: usize = 200;

/// The page that is asked for.
#[derive(Debug)]
pub(crate) struct Page {
    /// What the identities' names or ids contain.
    name: Option<String>,
    /// The last id of the page before.
    pub(crate) after: Option<IdentityId>,
    /// Identities per page.
    pub(crate) limit: usize,
}

impl PageParams {
    /// The id after which the page begins, and the number of identities per page.
    ///
    /// # Errors
    /// When the limit or the length of the name is out of range, or the cursor is not one that a page gave.
    pub(crate) fn range(self) -> Result<Page, Problem> {
        let limit = self.limit.unwrap_or(100);
        if !(1..=500).contains(&limit) {
            return Err(Problem::new(ErrorCode::QueryInvalid, "`limit` must be 1 to 500"));
        }
        if self.name.as_ref().is_some_and(|name| name.chars().count() > LONGEST_NAME) {
            return Err(Problem::new(ErrorCode::QueryInvalid, "`name` must have at most 200 characters"));
        }
        let after = self.cursor.map(IdentityId::try_from).transpose().map_err(ServiceError::from)?;
        Ok(Page { name: self.name, after, limit })
    }
}

/// Create an identity or replace its fields.
///
/// A field that is left out is removed: send all that are to stay.
#[utoipa::path(put, path = "/v1/identities/{id}", operation_id = "put_identity", tag = "identities",
    params(("id" = IdentityId, Path, description = "The identity's id")),
    request_body = IdentityInput, responses((status = 201, description = "Created", body = Identity),
    (status = 200, description = "Its fields were replaced", body = Identity)))]
pub(crate) async fn put(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Id(id): Id,
    Body(input): Body<IdentityInput>,
) -> Result<(StatusCode, Json<Identity>), Problem> {
    let fields = IdentityFields {
        display_name: input.display_name,
        consent_basis: input.consent_basis,
        expires_at: input.expires_at,
        targets: ErrorTargets {
            genuine_called_fake: input.target_genuine_called_fake,
            fake_called_real: input.target_fake_called_real,
        },
    };
    let (identity, created) = state
        .on_disk(move |service| {
            let (_, created) = service.acting_as(actor).put_identity(&id, &fields)?;
            Ok::<_, ServiceError>((Identity::of(service, service.identity(&id)?.as_ref()), created))
        })
        .await?;
    Ok((if created { StatusCode::CREATED } else { StatusCode::OK }, Json(identity)))
}

/// Get one identity.
#[utoipa::path(get, path = "/v1/identities/{id}", operation_id = "get_identity", tag = "identities",
    params(("id" = IdentityId, Path, description = "The identity's id")),
    responses((status = 200, description = "The identity", body = Identity)))]
pub(crate) async fn get(State(state): State<AppState>, Id(id): Id) -> Result<Json<Identity>, Problem> {
    Ok(Json(Identity::of(&state.service, state.service.identity(&id)?.as_ref())))
}

/// List identities, page by page: all of them, or those with a name.
#[utoipa::path(get, path = "/v1/identities", operation_id = "list_identities", tag = "identities", params(PageParams),
    responses((status = 200, description = "One page", body = IdentityPage)))]
pub(crate) async fn list(
    State(state): State<AppState>,
    Params(page): Params<PageParams>,
) -> Result<Json<IdentityPage>, Problem> {
    let Page { name, after, limit } = page.range()?;
    let mut found = match name {
        None => state.service.identities(after.as_ref(), limit + 1)?,
        // All names may have to be read.
        Some(name) => {
            let look = move |service: &RecordedService| service.identities_named(&name, after.as_ref(), limit + 1);
            state.on_disk(look).await?
        }
    };
    let more = found.len() > limit;
    found.truncate(limit);
    let next_cursor = found.last().filter(|_| more).map(|e| e.record.id.to_string());
    let identities = found.iter().map(|e| Identity::of(&state.service, e)).collect();
    Ok(Json(IdentityPage { identities, next_cursor }))
}

/// Delete an identity, its key and its templates.
///
/// The header `Erasure-Receipt` of the answer holds the number of the receipt.
#[utoipa::path(delete, path = "/v1/identities/{id}", operation_id = "delete_identity", tag = "identities",
    params(("id" = IdentityId, Path, description = "The identity's id")),
    responses((status = 204, description = "Erased",
    headers(("Erasure-Receipt" = String, description = "The number of the receipt")))))]
pub(crate) async fn delete(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Id(id): Id,
) -> Result<(StatusCode, [(HeaderName, String); 1]), Problem> {
    let erase = move |service: &RecordedService| service.acting_as(actor).erase_identity(&id, ErasureReason::Requested);
    let receipt = state.on_disk(erase).await?;
    Ok((StatusCode::NO_CONTENT, [(HeaderName::from_static(receipts::HEADER), receipt.id.to_string())]))
}
