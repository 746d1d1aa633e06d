//! Errors of the service: for the caller, and at start for the operator.

use super::CalibrationFileError;
use crate::access::KeyError;
use crate::audit::AuditError;
use crate::error_code::ErrorCode;
use crate::identity::{IdentityId, InvalidIdentityId, SampleSet};
use crate::imaging::DecodeError;
use crate::inference::InferenceError;
use crate::models::{ManifestError, ZooError};
use crate::store::StoreError;
use crate::verdict::{OtherModels, TargetError};

/// Why the service did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The image cannot be decoded.
    #[error(transparent)]
    Image(#[from] DecodeError),
    /// The id does not have the documented form.
    #[error(transparent)]
    InvalidId(#[from] InvalidIdentityId),
    /// No such identity.
    #[error("there is no identity `{0}`: create it first, or check the id")]
    UnknownIdentity(String),
    /// The identity is past its `expires_at`: it no longer matches, and will be erased.
    #[error("identity `{0}` has expired and will be erased soon: set a later expires_at to keep it")]
    Expired(IdentityId),
    /// The identity exists but has no references.
    #[error("identity `{0}` has no references yet: enroll at least one photograph")]
    NoReferences(IdentityId),
    /// No such reference or negative.
    #[error("identity `{identity}` has no {set} `{id}`: list its {set}s for their ids")]
    UnknownSample {
        /// The identity's id.
        identity: String,
        /// The set that was searched.
        set: SampleSet,
        /// The sample's id as given.
        id: String,
    },
    /// No such case.
    #[error(
        "there is no case `{0}`: it may have been erased by its age, with its identity, or because there are too many"
    )]
    UnknownCase(String),
    /// The picture of a case is not kept.
    #[error("the picture of this case is not kept: send the image again")]
    PictureNotKept,
    /// Another picture than that of the case; holds the SHA-256 of the case's.
    #[error("this is another image: the SHA-256 of the one of the case is {0}")]
    PictureDiffers(String),
    /// A field of the request is invalid; the text names it.
    #[error("{0}")]
    InvalidField(String),
    /// An option of the request is invalid; the text names it.
    #[error("{0}")]
    InvalidOption(String),
    /// No thresholds are known for these error rates.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The API key cannot be issued.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store has not been read for so long that others may have changed it.
    #[error("this server has lost touch with the store, and may not know what others have changed: try again soon")]
    Behind,
    /// A neural network failed.
    #[error("a neural network failed: {0}; this is a defect of faceward: please report it")]
    Inference(#[from] InferenceError),
    /// The act is done, but could not be recorded.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// A thread panicked while it held the service's lock.
    #[error("the service stopped working after an internal error: restart it")]
    Poisoned,
}

impl ServiceError {
    /// The identity has no `sample` in this set.
    pub(crate) fn unknown_sample(identity: &IdentityId, set: SampleSet, sample: &impl ToString) -> Self {
        Self::UnknownSample { identity: identity.to_string(), set, id: sample.to_string() }
    }

    /// Whether an identity is no longer there to be compared with: a search goes on without it.
    pub(super) fn is_gone(&self) -> bool {
        matches!(self, Self::UnknownIdentity(_) | Self::Expired(_) | Self::NoReferences(_))
    }

    /// The stable code, see docs/errors.md.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Image(e) => e.code(),
            Self::InvalidId(_) => ErrorCode::IdentityIdInvalid,
            Self::UnknownIdentity(_) => ErrorCode::IdentityUnknown,
            Self::Expired(_) => ErrorCode::IdentityExpired,
            Self::NoReferences(_) => ErrorCode::IdentityWithoutReferences,
            Self::UnknownSample { .. } => ErrorCode::SampleUnknown,
            Self::UnknownCase(_) => ErrorCode::CaseUnknown,
            Self::PictureNotKept => ErrorCode::ImageNotKept,
            Self::PictureDiffers(_) => ErrorCode::ImageDiffers,
            Self::InvalidField(_) | Self::Key(_) => ErrorCode::FieldInvalid,
            Self::InvalidOption(_) => ErrorCode::QueryInvalid,
            Self::Target(TargetError::OutOfRange { .. }) => ErrorCode::TargetOutOfRange,
            Self::Target(TargetError::Unavailable { .. }) => ErrorCode::TargetUnavailable,
            Self::Store(_) => ErrorCode::StoreFailed,
            Self::Behind => ErrorCode::StoreBehind,
            Self::Audit(_) => ErrorCode::AuditFailed,
            Self::Inference(_) | Self::Poisoned => ErrorCode::Internal,
        }
    }
}

/// Why the service did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The models folder does not match its manifest.
    #[error("models: {0}")]
    Manifest(#[from] ManifestError),
    /// A network did not load.
    #[error("models: {0}")]
    Zoo(#[from] ZooError),
    /// The operator's calibration was fitted to other models.
    #[error(
        "{0}: run `faceward calibrate` again, or delete calibration.toml in the data folder to return to the shipped \
         thresholds"
    )]
    Calibration(#[from] OtherModels),
    /// The operator's calibration cannot be read.
    #[error(transparent)]
    CalibrationFile(#[from] CalibrationFileError),
    /// The store cannot be read.
    #[error("store: {0}")]
    Store(#[from] StoreError),
    /// The data folder's store or audit log did not open.
    #[error(transparent)]
    Data(#[from] ServiceError),
}
