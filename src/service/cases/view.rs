//! The shapes of cases in answers.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::service::{IdentityName, Service, ServiceError, Verification};
use crate::store::{Case, CaseDecision, CaseRecord, Ruling, StoreError};
use crate::verdict::Verdict;

/// A verdict that is kept for review.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CaseSummary {
    /// Its number: that of a later case is greater.
    pub id: Uuid,
    /// When the verdict was given (RFC 3339).
    #[schema(value_type = String, format = DateTime)]
    pub made_at: Timestamp,
    /// The verdict.
    pub verdict: Verdict,
    /// The calibrated probability of a genuine photograph, 0..=1; `null` without a face or an identity.
    #[schema(required, minimum = 0, maximum = 1)]
    pub score: Option<f32>,
    /// The identity that was claimed or found; `null` where the case is about nobody enrolled.
    #[schema(required)]
    pub identity: Option<IdentityName>,
    /// Whether the request claimed the identity; otherwise everybody enrolled was searched.
    pub claimed: bool,
    /// The latest decision; `null` for none yet.
    #[schema(required)]
    pub decision: Option<Ruling>,
    /// SHA-256 of the image's bytes, hex.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub image_sha256: String,
    /// Whether the image is kept.
    pub picture_kept: bool,
    /// The id of the API key that asked; `null` where none was asked for.
    #[schema(required, pattern = "^[0-9a-f]{8}$")]
    pub key: Option<String>,
    /// The number of the request, as in its header `X-Request-Id`.
    #[schema(required)]
    pub request_id: Option<String>,
}

/// A decision on a case.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CaseDecision)]
pub struct CaseDecisionReport {
    /// What was decided.
    pub decision: Ruling,
    /// The reviewer's words.
    #[schema(required)]
    pub comment: Option<String>,
    /// The id of the reviewer's API key; `null` where none was asked for.
    #[schema(required, pattern = "^[0-9a-f]{8}$")]
    pub key: Option<String>,
    /// When (RFC 3339).
    #[schema(value_type = String, format = DateTime)]
    pub decided_at: Timestamp,
}

/// A case, opened.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CaseDetails {
    /// What is known without opening it.
    pub case: CaseSummary,
    /// The whole answer, as it was given, with what a reviewer looks at (`review` of each face).
    #[schema(value_type = Verification)]
    pub answer: Value,
    /// Every decision, the first one first. The last one counts.
    pub decisions: Vec<CaseDecisionReport>,
    /// The line of the server's audit log that records the verdict, `NUMBER:HASH`, as `faceward audit verify --expect`
    /// takes it.
    #[schema(pattern = "^[0-9]+:[0-9a-f]{64}$")]
    pub audit_head: String,
    /// When the case is erased by its age (RFC 3339). It can be erased earlier: with its identity, or where there are
    /// too many cases.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// When the image is erased by its age (RFC 3339); `null` where it is not kept.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub picture_expires_at: Option<Timestamp>,
}

impl CaseSummary {
    /// The case as `service` knows its identity.
    pub fn of(service: &Service, record: &CaseRecord) -> Self {
        Self {
            id: record.id,
            made_at: record.made_at,
            verdict: record.verdict,
            score: record.score,
            identity: record.identity.as_ref().map(|id| service.name_of(id)),
            claimed: record.claimed,
            decision: record.ruling,
            image_sha256: record.image_sha256.clone(),
            picture_kept: record.has_picture,
            key: record.key.clone(),
            request_id: record.request.clone(),
        }
    }
}

impl From<CaseDecision> for CaseDecisionReport {
    fn from(decision: CaseDecision) -> Self {
        let CaseDecision { ruling, comment, key, made_at } = decision;
        Self { decision: ruling, comment, key, decided_at: made_at }
    }
}

impl CaseDetails {
    /// The case as `service` knows its identity.
    ///
    /// # Errors
    /// When the answer is not JSON.
    pub fn of(service: &Service, case: Case) -> Result<Self, ServiceError> {
        let Case { record, answer, decisions } = case;
        let answer = serde_json::from_slice(&answer).map_err(|e| StoreError::UnreadableRecord {
            what: format!("answer of case {}", record.id),
            detail: e.to_string(),
        })?;
        let policy = service.case_policy();
        Ok(Self {
            case: CaseSummary::of(service, &record),
            answer,
            decisions: decisions.into_iter().map(CaseDecisionReport::from).collect(),
            audit_head: record.audit_head,
            expires_at: policy.expiry(record.made_at).unwrap_or(Timestamp::MAX),
            picture_expires_at: policy.picture_expiry(record.made_at).filter(|_| record.has_picture),
        })
    }
}
