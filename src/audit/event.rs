//! What is recorded. There is no field for a name, a template or a pixel, so that none can get in.

use serde::Serialize;
use serde::ser::Serializer;
use uuid::Uuid;

use crate::access::{ApiKey, Scope};
use crate::error_code::ErrorCode;
use crate::service::{EnrollmentReport, ThresholdReport, Verification, Versions};
use crate::store::{ErasureReason, ErasureReceipt};
use crate::verdict::Verdict;

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The holder of the API key with this id.
    Key(String),
    /// Somebody on this machine, while the server asked for no key.
    Unauthenticated,
    /// Somebody at the command line, with access to the data folder.
    CommandLine,
    /// The service itself, when something was due.
    Service,
}

impl Serialize for Actor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Key(id) => serializer.collect_str(&format_args!("key:{id}")),
            Self::Unauthenticated => serializer.serialize_str("unauthenticated"),
            Self::CommandLine => serializer.serialize_str("command_line"),
            Self::Service => serializer.serialize_str("service"),
        }
    }
}

/// A decision over one image.
#[derive(Clone, Debug, Serialize)]
pub struct VerifyRecord {
    /// SHA-256 of the bytes sent, hex.
    pub image_sha256: String,
    /// Whether an identity was claimed; otherwise it was searched for.
    pub claimed: bool,
    /// The pseudonym of the identity that the verdict is about.
    pub subject: Option<String>,
    /// The verdict.
    pub verdict: Verdict,
    /// The score, 0..=1.
    pub score: Option<f32>,
    /// The verdict of each face.
    pub faces: Vec<Verdict>,
    /// By which thresholds the image's verdict was decided.
    pub thresholds: ThresholdReport,
    /// By which thresholds each face was decided, where any was by others than the image: faces that a search found to
    /// be identities with error rates of their own. Empty otherwise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub face_thresholds: Vec<Option<ThresholdReport>>,
    /// By which versions.
    pub versions: Versions,
}

impl VerifyRecord {
    /// What is kept of an answer; `subject` is the pseudonym of its identity.
    pub fn of(answer: &Verification, claimed: bool, subject: Option<String>) -> Self {
        let mut face_thresholds: Vec<_> = answer.faces.iter().map(|f| f.thresholds).collect();
        if face_thresholds.iter().flatten().all(|t| *t == answer.thresholds) {
            face_thresholds.clear();
        }
        Self {
            image_sha256: answer.image.sha256.clone(),
            claimed,
            subject,
            verdict: answer.verdict,
            score: answer.score,
            faces: answer.faces.iter().map(|f| f.verdict).collect(),
            thresholds: answer.thresholds,
            face_thresholds,
            versions: answer.versions.clone(),
        }
    }
}

/// What was done. Wherever a `subject` stands, it is an identity's pseudonym.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Event {
    /// An image was verified.
    Verified(Box<VerifyRecord>),
    /// An identity was created, or its fields replaced.
    IdentityWritten {
        /// Whose.
        subject: String,
        /// Whether it is new.
        created: bool,
    },
    /// An identity was deleted with its key and everything kept of it.
    IdentityErased {
        /// Whose.
        subject: String,
        /// Why.
        reason: ErasureReason,
        /// References and negatives that went with it.
        samples: usize,
        /// The receipt's number.
        receipt: Uuid,
    },
    /// Images were enrolled as references or negatives.
    SamplesAdded {
        /// Whose.
        subject: String,
        /// Whether they were negatives.
        negatives: bool,
        /// Those that were taken: their ids.
        accepted: Vec<Uuid>,
        /// The codes of those that were refused.
        refused: Vec<ErrorCode>,
    },
    /// A reference or negative was deleted.
    SampleErased {
        /// Whose.
        subject: String,
        /// Which.
        sample: Uuid,
    },
    /// The image of a reference or negative, which the operator has kept, was given out.
    ImageRead {
        /// Whose.
        subject: String,
        /// Of which sample.
        sample: Uuid,
    },
    /// An API key was issued.
    KeyIssued {
        /// Its id.
        key: String,
        /// What it allows.
        scopes: Vec<Scope>,
        /// When it ends.
        expires_at: Option<String>,
    },
    /// An API key was revoked.
    KeyRevoked {
        /// Its id.
        key: String,
    },
    /// The master key was replaced.
    MasterRotated {
        /// Which one wraps the keys now.
        master: String,
    },
    /// A server began to serve.
    Started {
        /// What it runs.
        versions: Versions,
        /// Whether it asks for keys.
        authenticates: bool,
    },
    /// A server ended in order.
    Stopped {},
    /// A backup was made.
    BackedUp {
        /// SHA-256 of its database, hex.
        sha256: String,
    },
    /// A backup was put in place.
    Restored {
        /// SHA-256 of its database, hex.
        sha256: String,
        /// Identities in it that had been erased since, and were erased again.
        erased_again: usize,
        /// The same of references and negatives.
        samples_again: usize,
        /// The same of API keys that had been revoked.
        keys_again: usize,
    },
    /// The last line had been cut short, by a crash of the machine or a full disk, and was taken away.
    Mended {
        /// How many bytes.
        bytes: u64,
    },
}

impl Event {
    /// The erasure that `receipt` is for.
    pub fn erased(receipt: &ErasureReceipt) -> Self {
        let ErasureReceipt { id, subject, reason, samples, .. } = receipt;
        Self::IdentityErased { subject: subject.clone(), reason: *reason, samples: *samples, receipt: *id }
    }

    /// The issue of `key`.
    pub fn key_issued(key: &ApiKey) -> Self {
        Self::KeyIssued {
            key: key.id.clone(),
            scopes: key.scopes.iter().copied().collect(),
            expires_at: key.expires_at.map(|at| at.to_string()),
        }
    }

    /// The enrollment that `report` is of.
    pub fn added(subject: String, negatives: bool, report: &EnrollmentReport) -> Self {
        Self::SamplesAdded {
            subject,
            negatives,
            accepted: report.accepted.iter().map(|a| a.reference_id).collect(),
            refused: report.rejected.iter().map(|r| r.code).collect(),
        }
    }

    /// Whether it must be on the disk before the act is acknowledged: all but verdicts, which are many.
    pub(super) fn is_administrative(&self) -> bool {
        !matches!(self, Self::Verified(_))
    }
}
