//! Rows of cases as every store keeps them: their columns, and what of them is sealed.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::rows::{time, time_text};
use super::sealing::{no_key, unreadable};
use super::{CaseDecision, CaseFilter, CaseRecord, NewCase, Ruling, StoreError};
use crate::vault::DataKey;
use crate::verdict::Verdict;

/// The most bytes of an answer that are read back: far more than any answer has.
const LONGEST: u64 = 64 << 20;

/// The columns of a case that are in clear, in this order; behind them whether there is a picture.
pub(super) struct CaseRow {
    pub(super) id: String,
    pub(super) made_at: String,
    pub(super) request: Option<String>,
    pub(super) key_id: Option<String>,
    pub(super) identity_id: Option<String>,
    pub(super) claimed: bool,
    pub(super) image_sha256: String,
    pub(super) verdict: String,
    pub(super) score: Option<f32>,
    pub(super) audit_head: String,
    pub(super) decision: Option<String>,
    pub(super) has_picture: bool,
}

impl CaseRow {
    pub(super) const COLUMNS: &'static str = "id, made_at, request, key_id, identity_id, claimed, image_sha256, \
                                              verdict, score, audit_head, decision, \
                                              EXISTS (SELECT 1 FROM case_pictures WHERE case_id = id)";

    pub(super) fn record(self) -> Result<CaseRecord, StoreError> {
        let what = || format!("case {}", self.id);
        let identity = self.identity_id.map(|id| id.parse().map_err(|e| unreadable(what(), &e))).transpose()?;
        Ok(CaseRecord {
            id: self.id.parse().map_err(|e| unreadable(what(), &e))?,
            made_at: time(&self.made_at, what)?,
            verdict: verdict_of(&self.verdict, what)?,
            ruling: self.decision.as_deref().map(|name| ruling_of(name, what)).transpose()?,
            request: self.request,
            key: self.key_id,
            identity,
            claimed: self.claimed,
            image_sha256: self.image_sha256,
            score: self.score,
            audit_head: self.audit_head,
            has_picture: self.has_picture,
        })
    }
}

/// The columns of a decision.
pub(super) struct DecisionRow {
    pub(super) seq: i64,
    pub(super) decision: String,
    pub(super) key_id: Option<String>,
    pub(super) made_at: String,
    pub(super) sealed: Option<Vec<u8>>,
}

impl DecisionRow {
    pub(super) fn decision(self, case: Uuid, key: &DataKey) -> Result<CaseDecision, StoreError> {
        let what = || format!("decision {} of case {case}", self.seq);
        let ruling = ruling_of(&self.decision, what)?;
        let comment = self.sealed.map(|sealed| {
            let clear =
                key.open(&comment_place(case, self.seq, ruling), &sealed).map_err(|e| unreadable(what(), &e))?;
            String::from_utf8(clear.to_vec()).map_err(|e| unreadable(what(), &e))
        });
        Ok(CaseDecision {
            ruling,
            comment: comment.transpose()?,
            key: self.key_id,
            made_at: time(&self.made_at, what)?,
        })
    }
}

/// A filter as databases compare with it.
pub(super) struct FilterRow {
    pub(super) verdict: Option<&'static str>,
    pub(super) identity: Option<String>,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    /// Empty for cases without a decision.
    pub(super) decision: Option<&'static str>,
    pub(super) key: Option<String>,
}

impl FilterRow {
    pub(super) fn of(filter: &CaseFilter) -> Self {
        // Destructured, so that a new field does not compile until it is compared.
        let CaseFilter { verdict, identity, from, to, ruling, key } = filter;
        Self {
            verdict: verdict.map(Verdict::name),
            identity: identity.as_ref().map(ToString::to_string),
            from: from.map(time_text),
            to: to.map(time_text),
            decision: ruling.map(|ruling| ruling.map_or("", Ruling::name)),
            key: key.clone(),
        }
    }
}

pub(super) fn verdict_of(name: &str, what: impl Fn() -> String) -> Result<Verdict, StoreError> {
    let found = Verdict::ALL.into_iter().find(|verdict| verdict.name() == name);
    found.ok_or_else(|| unreadable(what(), &format!("{name:?} is not a verdict")))
}

pub(super) fn ruling_of(name: &str, what: impl Fn() -> String) -> Result<Ruling, StoreError> {
    Ruling::of(name).ok_or_else(|| unreadable(what(), &format!("{name:?} is not a decision")))
}

/// Seals the answer of a case, compressed. Moved to another case, identity or verdict, it does not open.
pub(super) fn seal_answer(key: &DataKey, case: &NewCase) -> Result<Vec<u8>, StoreError> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    let packed = encoder.write_all(&case.answer).and_then(|()| encoder.finish());
    let packed = Zeroizing::new(packed.map_err(|e| StoreError::Backend(Box::new(e)))?);
    key.seal(&answer_place(&case.record), &packed).map_err(no_key)
}

/// The answer of a case.
pub(super) fn open_answer(key: &DataKey, record: &CaseRecord, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
    let what = || format!("answer of case {}", record.id);
    let packed = key.open(&answer_place(record), sealed).map_err(|e| unreadable(what(), &e))?;
    let mut answer = Vec::new();
    let read = DeflateDecoder::new(packed.as_slice()).take(LONGEST).read_to_end(&mut answer);
    read.map_err(|e| unreadable(what(), &e))?;
    Ok(answer)
}

/// Seals the picture of a case.
pub(super) fn seal_picture(key: &DataKey, case: Uuid, bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
    key.seal(&picture_place(case), bytes).map_err(no_key)
}

/// The picture of a case.
pub(super) fn open_picture(key: &DataKey, case: Uuid, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
    let opened = key.open(&picture_place(case), sealed);
    Ok(opened.map_err(|e| unreadable(format!("picture of case {case}"), &e))?.to_vec())
}

/// Seals the comment of the decision `seq` of a case.
pub(super) fn seal_comment(
    key: &DataKey,
    case: Uuid,
    seq: i64,
    decision: &CaseDecision,
) -> Result<Option<Vec<u8>>, StoreError> {
    let place = comment_place(case, seq, decision.ruling);
    decision.comment.as_ref().map(|text| key.seal(&place, text.as_bytes()).map_err(no_key)).transpose()
}

fn answer_place(record: &CaseRecord) -> Vec<u8> {
    let (id, identity) = (record.id.hyphenated().to_string(), record.identity.as_ref().map_or("", |id| id.as_str()));
    // No part can hold a zero byte, so no two places have the same bytes.
    ["faceward case", &id, identity, record.verdict.name(), &record.image_sha256].join("\0").into_bytes()
}

fn picture_place(case: Uuid) -> Vec<u8> {
    format!("faceward case picture\0{}", case.hyphenated()).into_bytes()
}

fn comment_place(case: Uuid, seq: i64, ruling: Ruling) -> Vec<u8> {
    format!("faceward case decision\0{}\0{seq}\0{}", case.hyphenated(), ruling.name()).into_bytes()
}
