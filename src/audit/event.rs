//! Events. No field holds a name, a template or a pixel, so none can reach the log.

use serde::Serialize;
use serde::ser::Serializer;
use uuid::Uuid;

use crate::access::{ApiKey, Scope};
use crate::error_code::ErrorCode;
use crate::identity::{SampleKind, SampleSet};
use crate::models::Versions;
use crate::store::{ErasureReason, ErasureReceipt, Ruling};
use crate::verdict::{Thresholds, Verdict};

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The holder of the API key with this id.
    Key(String),
    /// Anybody who reaches the server while it asks for no key.
    Unauthenticated,
    /// The command line, with access to the data folder.
    CommandLine,
    /// The service itself, for what is due.
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

/// Who acts, and in which request to the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Author {
    /// Who acts.
    pub actor: Actor,
    /// The number of the request; `None` for an act that no request asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}

impl From<Actor> for Author {
    fn from(actor: Actor) -> Self {
        Self { actor, request: None }
    }
}

/// A verdict on one image.
#[derive(Clone, Debug, Serialize)]
pub struct VerifyRecord {
    /// SHA-256 of the bytes sent, hex.
    pub image_sha256: String,
    /// Whether the request claimed an identity; without a claim all identities are searched.
    pub claimed: bool,
    /// The pseudonym of the identity that the verdict is about.
    pub subject: Option<String>,
    /// The verdict.
    pub verdict: Verdict,
    /// The score, 0..=1.
    pub score: Option<f32>,
    /// The verdict of each face.
    pub faces: Vec<Verdict>,
    /// The thresholds of the image's verdict.
    pub thresholds: Thresholds,
    /// The thresholds of each face, where any differ from the image's: a search can find identities with their own
    /// error rates. Empty otherwise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub face_thresholds: Vec<Option<Thresholds>>,
    /// The versions behind the answer.
    pub versions: Versions,
    /// The case that the verdict is kept as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<Uuid>,
}

/// An act or a verdict. `subject` is always an identity's pseudonym.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Event {
    /// An image was verified.
    Verified(Box<VerifyRecord>),
    /// An identity was created, or its fields replaced.
    IdentityWritten {
        /// The identity.
        subject: String,
        /// Whether it is new.
        created: bool,
    },
    /// An identity was deleted with its key and everything kept of it.
    IdentityErased {
        /// The identity.
        subject: String,
        /// The cause.
        reason: ErasureReason,
        /// References and negatives erased with it.
        samples: usize,
        /// The receipt's number.
        receipt: Uuid,
    },
    /// Images were enrolled as references or negatives.
    SamplesAdded {
        /// The identity.
        subject: String,
        /// Their kind; the log says whether they were negatives.
        #[serde(rename = "negatives", serialize_with = "negatives")]
        kind: SampleKind,
        /// Ids of the accepted images.
        accepted: Vec<Uuid>,
        /// Error codes of the rejected images.
        refused: Vec<ErrorCode>,
    },
    /// References or negatives were read again from their images by other networks.
    SamplesReadAgain {
        /// The identity.
        subject: String,
        /// Their ids.
        samples: Vec<Uuid>,
    },
    /// A reference or negative was deleted.
    SampleErased {
        /// The identity.
        subject: String,
        /// Its id.
        sample: Uuid,
    },
    /// The stored image of a reference or negative was given out.
    ImageRead {
        /// The identity.
        subject: String,
        /// The id of the reference or negative.
        sample: Uuid,
    },
    /// Cases were listed.
    CasesListed {
        /// The identity that was asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        subject: Option<String>,
        /// Their number.
        cases: usize,
    },
    /// A case was opened.
    CaseRead {
        /// The identity that it is about.
        subject: Option<String>,
        /// Its number.
        case: Uuid,
    },
    /// The kept picture of a case was given out.
    CasePictureRead {
        /// The identity that the case is about.
        subject: Option<String>,
        /// The case's number.
        case: Uuid,
    },
    /// A report on a case was made.
    CaseReported {
        /// The identity that it is about.
        subject: Option<String>,
        /// Its number.
        case: Uuid,
        /// Whether the kept picture is in it.
        picture: bool,
    },
    /// A case was decided.
    CaseDecided {
        /// The identity that it is about.
        subject: Option<String>,
        /// Its number.
        case: Uuid,
        /// Its verdict.
        verdict: Verdict,
        /// What was decided.
        decision: Ruling,
    },
    /// The picture of a case was offered as a reference or negative; the line before says what became of it.
    CaseEnrolled {
        /// The identity that it was offered for.
        subject: String,
        /// The case's number.
        case: Uuid,
        /// The id of the new reference or negative; empty where it was rejected.
        samples: Vec<Uuid>,
    },
    /// Cases and pictures of cases were erased because of their age or number.
    CasesSwept {
        /// Cases.
        cases: u64,
        /// Pictures of cases that stay.
        pictures: u64,
    },
    /// An API key was issued.
    KeyIssued {
        /// Its id.
        key: String,
        /// Its scopes.
        scopes: Vec<Scope>,
        /// When it expires; `None`: never.
        expires_at: Option<String>,
    },
    /// An API key was revoked.
    KeyRevoked {
        /// Its id.
        key: String,
    },
    /// The master key was replaced.
    MasterRotated {
        /// The id of the new one.
        master: String,
    },
    /// A server started.
    Started {
        /// What it runs.
        versions: Versions,
        /// Whether it asks for API keys.
        authenticates: bool,
    },
    /// A server stopped after draining.
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
        /// Identities erased since the backup was made, and erased again now.
        erased_again: usize,
        /// References and negatives erased since, and erased again.
        samples_again: usize,
        /// API keys revoked since, and revoked again.
        keys_again: usize,
    },
    /// Everything was copied from another store to this one.
    StoreCopied {
        /// Identities.
        identities: usize,
    },
    /// The last line was incomplete, after a crash or on a full disk, and was removed.
    Mended {
        /// Bytes removed.
        bytes: u64,
    },
}

impl Event {
    /// The event of the erasure that `receipt` proves.
    pub fn erased(receipt: &ErasureReceipt) -> Self {
        let ErasureReceipt { id, subject, reason, samples, .. } = receipt;
        Self::IdentityErased { subject: subject.clone(), reason: *reason, samples: *samples, receipt: *id }
    }

    /// The event of issuing `key`.
    pub fn key_issued(key: &ApiKey) -> Self {
        Self::KeyIssued {
            key: key.id.clone(),
            scopes: key.scopes.iter().copied().collect(),
            expires_at: key.expires_at.map(|at| at.to_string()),
        }
    }

    /// Whether it must be on disk before the act is acknowledged: everything but verdicts, of which there are many.
    pub(super) fn is_administrative(&self) -> bool {
        !matches!(self, Self::Verified(_))
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn negatives<S: Serializer>(kind: &SampleKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bool(SampleSet::Negatives.holds(*kind))
}
