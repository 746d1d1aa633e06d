//! The receipt for an erasure.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Why an identity was erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErasureReason {
    /// Somebody asked for it.
    Requested,
    /// Its time was over.
    Expired,
    /// A backup brought back what had been erased before.
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

/// What was erased and when. It is kept, and so it does not say whose it was: who knows the identity's id can compute
/// the pseudonym (`faceward audit subject ID`), and nobody can turn it back without the service's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ErasureReceipt {
    /// Its number.
    pub id: Uuid,
    /// The identity's pseudonym: 32 hex digits.
    pub subject: String,
    /// Why.
    pub reason: ErasureReason,
    /// References and negatives that went with it.
    pub samples: usize,
    /// When its rows and its key were deleted.
    #[schema(value_type = String)]
    pub deleted_at: Timestamp,
    /// When no file of the data folder held a byte of them any more; `null` while another program holds that up.
    #[schema(value_type = Option<String>)]
    pub erased_at: Option<Timestamp>,
}
