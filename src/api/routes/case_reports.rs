//! `GET /v1/cases/{id}/report`.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::cases::parse;
use crate::api::Problem;
use crate::api::extract::{Params, Part};
use crate::api::middleware::auth::Caller;
use crate::api::state::AppState;
use crate::service::{CaseDetails, CaseReport, RecordedService, ServiceError, report_page};

/// The report's policy as a page: nothing but what is in it.
const POLICY: &str = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// The form of a report.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReportFormat {
    /// For programs.
    #[default]
    Json,
    /// A page to print or to keep. It loads nothing.
    Html,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReportParams {
    /// The form of the report; without it, `json`.
    #[param(inline)]
    format: Option<ReportFormat>,
    /// Whether a page has the picture, where it is kept; without it, it has.
    picture: Option<bool>,
}

/// Report a case: evidence, versions, thresholds, expected error, decisions, hash and place in the audit log.
#[utoipa::path(get, path = "/v1/cases/{id}/report", operation_id = "report_case", tag = "cases",
    params(("id" = Uuid, Path, description = "The case's number"), ReportParams),
    responses((status = 200, description = "The report", content((CaseReport = "application/json"),
    (String = "text/html")))))]
pub(crate) async fn report(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Part(id): Part,
    Params(params): Params<ReportParams>,
) -> Result<Response, Problem> {
    let id = parse(&id)?;
    let is_page = matches!(params.format, Some(ReportFormat::Html));
    let with_picture = is_page && params.picture.unwrap_or(true);
    let read = move |service: &RecordedService| {
        let (case, picture) = service.acting_as(actor).case_for_report(id, with_picture)?;
        let report = CaseReport::of(CaseDetails::of(service, case)?, Timestamp::now());
        Ok::<_, ServiceError>(if is_page {
            let headers =
                [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_SECURITY_POLICY, POLICY)];
            (headers, report_page(&report, picture.as_deref())).into_response()
        } else {
            Json(report).into_response()
        })
    };
    state.on_disk(read).await
}
