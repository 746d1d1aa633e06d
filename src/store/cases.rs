//! Cases: verdicts that are kept for a while, so that a reviewer can open, decide and report them.
//!
//! The audit log stays the record of truth; a case is a convenience that expires.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::StoreResult;
use crate::identity::IdentityId;
use crate::verdict::Verdict;

/// Which verdicts become cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CasesKept {
    /// None.
    None,
    /// Those about an identity: claimed, or found by a search.
    #[default]
    Identified,
    /// All.
    All,
}

impl CasesKept {
    /// Every choice.
    pub const ALL: [Self; 3] = [Self::None, Self::Identified, Self::All];

    /// The name in settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Identified => "identified",
            Self::All => "all",
        }
    }
}

impl std::str::FromStr for CasesKept {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|kept| kept.name() == text);
        known.ok_or_else(|| format!("`{text}` is not a choice: give none, identified or all"))
    }
}

/// What a reviewer decides about a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// The verdict is right.
    Confirmed,
    /// The verdict is wrong.
    Overturned,
    /// The reviewer cannot tell.
    Unsure,
}

impl Ruling {
    /// Every ruling.
    pub const ALL: [Self; 3] = [Self::Confirmed, Self::Overturned, Self::Unsure];

    /// The name in answers and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Overturned => "overturned",
            Self::Unsure => "unsure",
        }
    }

    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ruling| ruling.name() == name)
    }
}

/// What is known of a case without opening what is sealed.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseRecord {
    /// Its number (`UUIDv7`): later ones are greater.
    pub id: Uuid,
    /// When the verdict was given.
    pub made_at: Timestamp,
    /// The number of the request.
    pub request: Option<String>,
    /// The id of the API key that asked; `None` where none was asked for.
    pub key: Option<String>,
    /// The identity that was claimed or found.
    pub identity: Option<IdentityId>,
    /// Whether it was claimed.
    pub claimed: bool,
    /// SHA-256 of the image, hex.
    pub image_sha256: String,
    /// The verdict.
    pub verdict: Verdict,
    /// The score, 0..=1.
    pub score: Option<f32>,
    /// The line of the audit log with the verdict, `NUMBER:HASH`.
    pub audit_head: String,
    /// The latest decision.
    pub ruling: Option<Ruling>,
    /// Whether the picture is kept.
    pub has_picture: bool,
}

/// A case to keep.
#[derive(Clone, Debug, PartialEq)]
pub struct NewCase {
    /// What is kept in clear. [`CaseRecord::ruling`] and [`CaseRecord::has_picture`] say nothing here.
    pub record: CaseRecord,
    /// The whole answer, JSON.
    pub answer: Vec<u8>,
    /// The encoded image, where it is to be kept.
    pub picture: Option<Vec<u8>>,
}

/// A decision on a case.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseDecision {
    /// What was decided.
    pub ruling: Ruling,
    /// The reviewer's words.
    pub comment: Option<String>,
    /// The id of the reviewer's API key; `None` where none was asked for.
    pub key: Option<String>,
    /// When.
    pub made_at: Timestamp,
}

/// A case, opened.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// What is kept in clear.
    pub record: CaseRecord,
    /// The whole answer, JSON.
    pub answer: Vec<u8>,
    /// Every decision, the first one first. The last one counts.
    pub decisions: Vec<CaseDecision>,
}

/// Which cases are asked for; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CaseFilter {
    /// Those with this verdict.
    pub verdict: Option<Verdict>,
    /// Those about this identity.
    pub identity: Option<IdentityId>,
    /// Those made at this time or later.
    pub from: Option<Timestamp>,
    /// Those made before this time.
    pub to: Option<Timestamp>,
    /// Those whose latest decision is this; `Some(None)`: those without any.
    pub ruling: Option<Option<Ruling>>,
    /// Those that this key asked for.
    pub key: Option<String>,
}

/// What is kept of cases at most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CaseBounds {
    /// Cases made before this time go.
    pub cases_before: Timestamp,
    /// Pictures of cases made before this time go.
    pub pictures_before: Timestamp,
    /// The most cases; the oldest go.
    pub cases: u64,
    /// The most bytes of pictures; the oldest go.
    pub picture_bytes: u64,
}

/// What a sweep erased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Cases.
    pub cases: u64,
    /// Pictures of cases that stay.
    pub pictures: u64,
}

/// Durable storage of cases. A case about an identity is sealed with a key of that identity, and goes with it; others
/// with a key of the service.
pub trait CaseStore: Send + Sync {
    /// Adds cases, all at once. Those about an identity that is gone are passed over, also where another with its id was
    /// created since. Returns the number added.
    ///
    /// # Errors
    /// When the storage fails; nothing has changed then.
    fn add_cases(&self, cases: &[NewCase]) -> StoreResult<usize>;

    /// One case, opened; `None` where there is none.
    ///
    /// # Errors
    /// When the storage fails.
    fn case(&self, id: Uuid) -> StoreResult<Option<Case>>;

    /// At most `limit` cases that `filter` lets pass, older than the case `before`, the latest first.
    ///
    /// # Errors
    /// When the storage fails.
    fn cases(&self, filter: &CaseFilter, before: Option<Uuid>, limit: usize) -> StoreResult<Vec<CaseRecord>>;

    /// Adds a decision; `false` where there is no such case.
    ///
    /// # Errors
    /// When the storage fails.
    fn decide(&self, id: Uuid, decision: &CaseDecision) -> StoreResult<bool>;

    /// The picture of a case; `None` where it is not kept, or there is no such case.
    ///
    /// # Errors
    /// When the storage fails.
    fn case_picture(&self, id: Uuid) -> StoreResult<Option<Vec<u8>>>;

    /// The number of cases by verdict and latest decision.
    ///
    /// # Errors
    /// When the storage fails.
    fn rulings(&self) -> StoreResult<Vec<(Verdict, Ruling, u64)>>;

    /// Erases what is beyond the bounds.
    ///
    /// # Errors
    /// As [`Store::delete_identity`](super::Store::delete_identity).
    fn sweep_cases(&self, bounds: &CaseBounds) -> StoreResult<Swept>;
}
