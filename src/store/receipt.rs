//! The receipt for an erasure.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Why an identity was erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErasureReason {
    /// On request.
    Requested,
    /// It was past its `expires_at`.
    Expired,
    /// A restored backup had brought it back.
    Restored,
}

impl ErasureReason {
    /// The name in files and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Expired => "expired",
            Self::Restored => "restored",
        }
    }

    pub(super) fn of(name: &str) -> Option<Self> {
        [Self::Requested, Self::Expired, Self::Restored].into_iter().find(|reason| reason.name() == name)
    }
}

/// Proof of an erasure. Receipts are kept, so they name the identity by a pseudonym: whoever knows the id and holds the
/// service's key can compute it (`faceward audit subject ID`), and nobody can turn it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ErasureReceipt {
    /// Its number.
    pub id: Uuid,
    /// The identity's pseudonym: 32 hex digits.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub subject: String,
    /// The cause.
    pub reason: ErasureReason,
    /// References and negatives erased with it.
    pub samples: usize,
    /// When its rows and its key were deleted.
    #[schema(value_type = String, format = DateTime)]
    pub deleted_at: Timestamp,
    /// When their last bytes were gone from the data folder; `null` while another program holds that up.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub erased_at: Option<Timestamp>,
}
