//! What can go wrong, for the caller and for the operator.

use crate::identity::{IdentityId, InvalidIdentityId};
use crate::imaging::DecodeError;
use crate::inference::InferenceError;
use crate::models::{ManifestError, ZooError};
use crate::store::StoreError;
use crate::verdict::{CalibrationError, TargetError};

/// Why a request was not answered.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The image did not become pixels.
    #[error(transparent)]
    Image(#[from] DecodeError),
    /// The id is not of the documented form.
    #[error(transparent)]
    InvalidId(#[from] InvalidIdentityId),
    /// No such identity.
    #[error("there is no identity {0:?}")]
    UnknownIdentity(String),
    /// Its time is over: it is compared with nothing any more and will be erased.
    #[error("identity {0:?} has expired and is about to be erased; set another expires_at to keep it")]
    Expired(IdentityId),
    /// The identity exists but has no references.
    #[error("identity {0:?} has no references yet; enroll at least one photograph")]
    NoReferences(IdentityId),
    /// No such reference or negative.
    #[error("identity {identity:?} has no {what} {id:?}")]
    UnknownSample {
        /// Whose.
        identity: String,
        /// `reference` or `negative`.
        what: &'static str,
        /// Which.
        id: String,
    },
    /// A field of the request is not acceptable.
    #[error("{0}")]
    InvalidField(String),
    /// The identity cannot have these error rates.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The store failed.
    #[error("the store failed: {0}")]
    Store(#[from] StoreError),
    /// A network failed.
    #[error("a network failed: {0}")]
    Inference(#[from] InferenceError),
    /// A thread that held the service's lock has died.
    #[error("the service is in an undefined state and must be restarted")]
    Poisoned,
}

impl ServiceError {
    /// The stable code of the problem document.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Image(e) => e.code(),
            Self::InvalidId(_) => "identity_id_invalid",
            Self::UnknownIdentity(_) => "identity_unknown",
            Self::Expired(_) => "identity_expired",
            Self::NoReferences(_) => "identity_without_references",
            Self::UnknownSample { .. } => "sample_unknown",
            Self::InvalidField(_) => "field_invalid",
            Self::Target(TargetError::OutOfRange { .. }) => "target_out_of_range",
            Self::Target(TargetError::Unavailable { .. }) => "target_unavailable",
            Self::Store(_) => "store_failed",
            Self::Inference(_) | Self::Poisoned => "internal",
        }
    }
}

/// Why the service did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The models folder is not as its manifest says.
    #[error("models: {0}")]
    Manifest(#[from] ManifestError),
    /// A network did not load.
    #[error("models: {0}")]
    Zoo(#[from] ZooError),
    /// The operator's calibration is not for these models.
    #[error(transparent)]
    Calibration(#[from] CalibrationError),
    /// The store did not open or cannot be read.
    #[error("store: {0}")]
    Store(#[from] StoreError),
}
