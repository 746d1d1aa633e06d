//! `/v1/cases`: verdicts that are kept, to be read and decided; `/v1/decisions` counts what was decided.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};
use uuid::Uuid;

use crate::api::Problem;
use crate::api::extract::{Body, Params, Part};
use crate::api::meters;
use crate::api::middleware::auth::Caller;
use crate::api::state::AppState;
use crate::error_code::ErrorCode;
use crate::identity::IdentityId;
use crate::service::{
    COMMENT_MAX, CaseDecisionReport, CaseDetails, CaseSummary, RecordedService, Service, ServiceError,
};
use crate::store::{CaseFilter, Ruling};
use crate::verdict::Verdict;

/// One page of cases, the latest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct CasePage {
    /// At most `limit` cases.
    cases: Vec<CaseSummary>,
    /// The `cursor` of the next page; `null` on the last page.
    #[schema(required)]
    next_cursor: Option<Uuid>,
}

/// The latest decision of cases that are asked for.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WantedDecision {
    /// None yet.
    Open,
    /// The verdict is right.
    Confirmed,
    /// The verdict is wrong.
    Overturned,
    /// The reviewer could not tell.
    Unsure,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CaseParams {
    /// Only cases with this verdict.
    verdict: Option<Verdict>,
    /// Only cases about this identity.
    #[param(value_type = Option<IdentityId>)]
    identity: Option<String>,
    /// Only cases made at this time or later (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Only cases made before this time (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
    /// Only cases whose latest decision is this; `open`: those without any.
    #[param(inline)]
    decision: Option<WantedDecision>,
    /// Only cases that the API key with this id asked for.
    #[param(pattern = "^[0-9a-f]{8}$")]
    key: Option<String>,
    /// The `next_cursor` of the previous page.
    cursor: Option<Uuid>,
    /// Cases per page.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<usize>,
}

impl CaseParams {
    /// The filter, the case before which the page begins, and the number of cases per page.
    fn wanted(self) -> Result<(CaseFilter, Option<Uuid>, usize), Problem> {
        let wrong = |detail: &str| Err(Problem::new(ErrorCode::QueryInvalid, detail));
        let limit = self.limit.unwrap_or(50);
        if !(1..=500).contains(&limit) {
            return wrong("`limit` must be 1 to 500");
        }
        let is_key = |key: &String| key.len() == 8 && key.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if self.key.as_ref().is_some_and(|key| !is_key(key)) {
            return wrong("`key` must be the id of an API key: 8 hex digits in lower case");
        }
        let identity = self.identity.map(IdentityId::try_from).transpose().map_err(ServiceError::from)?;
        let ruling = self.decision.map(|wanted| match wanted {
            WantedDecision::Open => None,
            WantedDecision::Confirmed => Some(Ruling::Confirmed),
            WantedDecision::Overturned => Some(Ruling::Overturned),
            WantedDecision::Unsure => Some(Ruling::Unsure),
        });
        let filter =
            CaseFilter { verdict: self.verdict, identity, from: self.from, to: self.to, ruling, key: self.key };
        Ok((filter, self.cursor, limit))
    }
}

/// The number of a case; one that is no UUID is unknown.
pub(super) fn parse(text: &str) -> Result<Uuid, Problem> {
    let unknown = |_| ServiceError::UnknownCase(text.chars().take(64).collect());
    Ok(Uuid::try_parse(text).map_err(unknown)?)
}

/// List cases, the latest first, page by page.
#[utoipa::path(get, path = "/v1/cases", operation_id = "list_cases", tag = "cases", params(CaseParams),
    responses((status = 200, description = "One page", body = CasePage)))]
pub(crate) async fn list(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Params(params): Params<CaseParams>,
) -> Result<Json<CasePage>, Problem> {
    let (filter, before, limit) = params.wanted()?;
    let read = move |service: &RecordedService| {
        let mut found = service.acting_as(actor).cases(&filter, before, limit + 1)?;
        let more = found.len() > limit;
        found.truncate(limit);
        let next_cursor = found.last().filter(|_| more).map(|last| last.id);
        let cases = found.iter().map(|record| CaseSummary::of(service, record)).collect();
        Ok::<_, ServiceError>(CasePage { cases, next_cursor })
    };
    state.on_disk(read).await.map(Json)
}

/// Open a case: the whole answer, and every decision.
#[utoipa::path(get, path = "/v1/cases/{id}", operation_id = "get_case", tag = "cases",
    params(("id" = Uuid, Path, description = "The case's number")),
    responses((status = 200, description = "The case", body = CaseDetails)))]
pub(crate) async fn get(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Part(id): Part,
) -> Result<Json<CaseDetails>, Problem> {
    let id = parse(&id)?;
    let read = move |service: &RecordedService| {
        let case = service.acting_as(actor).case(id)?;
        CaseDetails::of(service, case)
    };
    state.on_disk(read).await.map(Json)
}

/// A decision on a case.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(crate) struct DecisionInput {
    /// Whether the verdict is right.
    decision: Ruling,
    /// The reviewer's words.
    #[serde(default)]
    #[schema(value_type = Option<Comment>)]
    comment: Option<String>,
}

/// A comment that is taken.
struct Comment;

impl PartialSchema for Comment {
    fn schema() -> RefOr<Schema> {
        // Somewhere a character that is neither a control character nor a space; no control characters but tab and
        // line feed anywhere.
        let pattern = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x08\x0b-\x1f\x7f-\x9f]*$";
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("Text: no control characters but tabs and line breaks, and not only spaces."))
            .pattern(Some(pattern))
            .min_length(Some(1))
            .max_length(Some(COMMENT_MAX));
        schema.into()
    }
}

impl ToSchema for Comment {}

/// Decide a case.
///
/// A case can be decided again: every decision is kept, and the last one counts.
#[utoipa::path(post, path = "/v1/cases/{id}/decisions", operation_id = "decide_case", tag = "cases",
    params(("id" = Uuid, Path, description = "The case's number")), request_body = DecisionInput,
    responses((status = 201, description = "The decision, as it is kept", body = CaseDecisionReport)))]
pub(crate) async fn decide(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Part(id): Part,
    Body(input): Body<DecisionInput>,
) -> Result<(StatusCode, Json<CaseDecisionReport>), Problem> {
    let id = parse(&id)?;
    let DecisionInput { decision, comment } = input;
    let decide = move |service: &RecordedService| service.acting_as(actor).decide_case(id, decision, comment);
    let (decision, case) = state.on_disk(decide).await?;
    meters::decided(case.verdict.name(), decision.ruling.name());
    Ok((StatusCode::CREATED, Json(decision.into())))
}

/// How often a verdict was right.
#[derive(Serialize, ToSchema)]
pub(crate) struct VerdictDecisions {
    /// The verdict.
    verdict: Verdict,
    /// Cases whose latest decision confirms it.
    confirmed: u64,
    /// Cases whose latest decision overturns it.
    overturned: u64,
    /// Cases that the reviewer could not decide.
    unsure: u64,
    /// The share of confirmed among confirmed and overturned, 0..=1; `null` without any.
    #[schema(required, minimum = 0, maximum = 1)]
    precision: Option<f64>,
}

impl VerdictDecisions {
    fn all(service: &Service) -> Result<Vec<Self>, ServiceError> {
        let counted = service.rulings()?;
        let of = |verdict: Verdict| {
            let count = |ruling: Ruling| {
                counted.iter().find(|(v, r, _)| (*v, *r) == (verdict, ruling)).map_or(0, |(_, _, count)| *count)
            };
            let [confirmed, overturned, unsure] = Ruling::ALL.map(count);
            let decided = confirmed + overturned;
            let precision = (decided > 0).then(|| confirmed as f64 / decided as f64);
            Self { verdict, confirmed, overturned, unsure, precision }
        };
        Ok(Verdict::ALL.map(of).into())
    }
}

/// Count the decisions on the cases that are kept, by verdict.
#[utoipa::path(get, path = "/v1/decisions", operation_id = "count_decisions", tag = "cases",
    responses((status = 200, description = "One line per verdict", body = Vec<VerdictDecisions>)))]
pub(crate) async fn count(State(state): State<AppState>) -> Result<Json<Vec<VerdictDecisions>>, Problem> {
    state.on_disk(|service| VerdictDecisions::all(service)).await.map(Json)
}
