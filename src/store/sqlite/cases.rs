//! Rows of `cases`, of their pictures and of their decisions.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};
use uuid::Uuid;

use super::fault::Fault;
use super::{SqliteStore, scrub};
use crate::identity::IdentityId;
use crate::store::case_rows::{
    CaseRow, DecisionRow, FilterRow, open_answer, open_picture, ruling_of, seal_answer, seal_comment, seal_picture,
    verdict_of,
};
use crate::store::rows::{limited, time_text};
use crate::store::sealing::Vault;
use crate::store::{
    Case, CaseBounds, CaseDecision, CaseFilter, CaseRecord, CaseStore, NewCase, Ruling, StoreResult, Swept,
};
use crate::vault::DataKey;
use crate::verdict::Verdict;

impl CaseStore for SqliteStore {
    fn add_cases(&self, cases: &[NewCase]) -> StoreResult<usize> {
        self.write(|tx| add(tx, &self.vault, cases))
    }

    fn case(&self, id: Uuid) -> StoreResult<Option<Case>> {
        self.read(|connection| get(connection, &self.vault, id))
    }

    fn cases(&self, filter: &CaseFilter, before: Option<Uuid>, limit: usize) -> StoreResult<Vec<CaseRecord>> {
        self.read(|connection| page(connection, filter, before, limit))
    }

    fn decide(&self, id: Uuid, decision: &CaseDecision) -> StoreResult<bool> {
        self.write(|tx| decide(tx, &self.vault, id, decision))
    }

    fn case_picture(&self, id: Uuid) -> StoreResult<Option<Vec<u8>>> {
        self.read(|connection| picture(connection, &self.vault, id))
    }

    fn rulings(&self) -> StoreResult<Vec<(Verdict, Ruling, u64)>> {
        self.read(rulings)
    }

    fn sweep_cases(&self, bounds: &CaseBounds) -> StoreResult<Swept> {
        self.erase(|tx| sweep(tx, bounds))
    }
}

fn text(id: Uuid) -> String {
    id.hyphenated().to_string()
}

fn add(tx: &Transaction<'_>, vault: &Vault, cases: &[NewCase]) -> Result<usize, Fault> {
    let mut keys: HashMap<Option<&IdentityId>, Option<(DataKey, String)>> = HashMap::new();
    let mut insert = tx.prepare_cached(
        "INSERT INTO cases (id, made_at, request, key_id, identity_id, claimed, image_sha256, verdict, score, \
         audit_head, sealed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    let mut picture = tx.prepare_cached("INSERT INTO case_pictures (case_id, bytes, sealed) VALUES (?1, ?2, ?3)")?;
    let mut added = 0;
    for case in cases {
        // Destructured, so that a new field does not compile until it is stored.
        let CaseRecord {
            id,
            made_at,
            request,
            key,
            identity,
            claimed,
            image_sha256,
            verdict,
            score,
            audit_head,
            ruling: _,
            has_picture: _,
        } = &case.record;
        let whose = match keys.entry(identity.as_ref()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(key_for(tx, vault, identity.as_ref())?),
        };
        let made_at = time_text(*made_at);
        let Some((own, _)) = whose.as_ref().filter(|(_, since)| *since <= made_at) else { continue };
        insert.execute(params![
            text(*id),
            made_at,
            request,
            key,
            identity.as_ref().map(IdentityId::as_str),
            claimed,
            image_sha256,
            verdict.name(),
            score,
            audit_head,
            seal_answer(own, case)?
        ])?;
        if let Some(bytes) = &case.picture {
            picture.execute(params![text(*id), limited(bytes.len()), seal_picture(own, *id, bytes)?])?;
        }
        added += 1;
    }
    Ok(added)
}

/// The key for cases about `identity`, made where it has none, and the time from which on cases are about it: earlier ones
/// are about one that was erased and had the same id. `None` where there is no such identity.
fn key_for(
    tx: &Transaction<'_>,
    vault: &Vault,
    identity: Option<&IdentityId>,
) -> Result<Option<(DataKey, String)>, Fault> {
    let Some(id) = identity else { return Ok(Some((vault.nobodys_case_key()?, String::new()))) };
    let sql = "SELECT created_at FROM identities WHERE id = ?1";
    let Some(since) = tx.prepare_cached(sql)?.query_row([id.as_str()], |row| row.get(0)).optional()? else {
        return Ok(None);
    };
    if let Some(wrapped) = wrapped(tx, id)? {
        return Ok(Some((vault.unwrap_case_key(id, &wrapped)?, since)));
    }
    let (key, wrapped) = vault.new_case_key(id)?;
    tx.execute("UPDATE identities SET case_key = ?2 WHERE id = ?1", params![id.as_str(), wrapped])?;
    Ok(Some((key, since)))
}

/// The wrapped key for cases about an identity; `None` where it has none, or there is no such identity.
fn wrapped(connection: &Connection, id: &IdentityId) -> Result<Option<Vec<u8>>, Fault> {
    let mut query = connection.prepare_cached("SELECT case_key FROM identities WHERE id = ?1")?;
    Ok(query.query_row([id.as_str()], |row| row.get(0)).optional()?.flatten())
}

/// The key that opens a case.
fn key_of(connection: &Connection, vault: &Vault, record: &CaseRecord) -> Result<DataKey, Fault> {
    let Some(id) = &record.identity else { return Ok(vault.nobodys_case_key()?) };
    let wrapped = wrapped(connection, id)?.unwrap_or_default();
    Ok(vault.unwrap_case_key(id, &wrapped)?)
}

fn record(connection: &Connection, id: Uuid) -> Result<Option<CaseRecord>, Fault> {
    let sql = format!("SELECT {} FROM cases WHERE id = ?1", CaseRow::COLUMNS);
    let row = connection.prepare_cached(&sql)?.query_row([text(id)], read).optional()?;
    Ok(row.map(CaseRow::record).transpose()?)
}

fn get(connection: &Connection, vault: &Vault, id: Uuid) -> Result<Option<Case>, Fault> {
    let Some(record) = record(connection, id)? else { return Ok(None) };
    let key = key_of(connection, vault, &record)?;
    let sealed: Vec<u8> =
        connection.prepare_cached("SELECT sealed FROM cases WHERE id = ?1")?.query_row([text(id)], |r| r.get(0))?;
    let answer = open_answer(&key, &record, &sealed)?;
    let sql = "SELECT seq, decision, key_id, made_at, sealed FROM case_decisions WHERE case_id = ?1 ORDER BY seq";
    let mut query = connection.prepare_cached(sql)?;
    let rows = query.query_map([text(id)], |row| {
        Ok(DecisionRow {
            seq: row.get(0)?,
            decision: row.get(1)?,
            key_id: row.get(2)?,
            made_at: row.get(3)?,
            sealed: row.get(4)?,
        })
    })?;
    let decisions = rows.map(|row| Ok(row?.decision(id, &key)?)).collect::<Result<_, Fault>>()?;
    Ok(Some(Case { record, answer, decisions }))
}

fn page(
    connection: &Connection,
    filter: &CaseFilter,
    before: Option<Uuid>,
    limit: usize,
) -> Result<Vec<CaseRecord>, Fault> {
    let FilterRow { verdict, identity, from, to, decision, key } = FilterRow::of(filter);
    let sql = format!(
        "SELECT {} FROM cases WHERE (?1 IS NULL OR id < ?1) AND (?2 IS NULL OR verdict = ?2) \
         AND (?3 IS NULL OR identity_id = ?3) AND (?4 IS NULL OR made_at >= ?4) AND (?5 IS NULL OR made_at < ?5) \
         AND (?6 IS NULL OR coalesce(decision, '') = ?6) AND (?7 IS NULL OR key_id = ?7) ORDER BY id DESC LIMIT ?8",
        CaseRow::COLUMNS
    );
    let mut query = connection.prepare_cached(&sql)?;
    let wanted = params![before.map(text), verdict, identity, from, to, decision, key, limited(limit)];
    query.query_map(wanted, read)?.map(|row| Ok(row?.record()?)).collect()
}

fn decide(tx: &Transaction<'_>, vault: &Vault, id: Uuid, decision: &CaseDecision) -> Result<bool, Fault> {
    let Some(record) = record(tx, id)? else { return Ok(false) };
    let key = key_of(tx, vault, &record)?;
    let next = "SELECT coalesce(max(seq), 0) + 1 FROM case_decisions WHERE case_id = ?1";
    let seq: i64 = tx.query_row(next, [text(id)], |row| row.get(0))?;
    let (name, sealed) = (decision.ruling.name(), seal_comment(&key, id, seq, decision)?);
    let sql = "INSERT INTO case_decisions (case_id, seq, decision, key_id, made_at, sealed) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    tx.execute(sql, params![text(id), seq, name, decision.key, time_text(decision.made_at), sealed])?;
    tx.execute("UPDATE cases SET decision = ?2 WHERE id = ?1", params![text(id), name])?;
    Ok(true)
}

fn picture(connection: &Connection, vault: &Vault, id: Uuid) -> Result<Option<Vec<u8>>, Fault> {
    let Some(record) = record(connection, id)?.filter(|record| record.has_picture) else { return Ok(None) };
    let key = key_of(connection, vault, &record)?;
    let sql = "SELECT sealed FROM case_pictures WHERE case_id = ?1";
    let sealed: Vec<u8> = connection.query_row(sql, [text(id)], |row| row.get(0))?;
    Ok(Some(open_picture(&key, id, &sealed)?))
}

fn rulings(connection: &Connection) -> Result<Vec<(Verdict, Ruling, u64)>, Fault> {
    let sql = "SELECT verdict, decision, count(*) FROM cases WHERE decision IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2";
    let mut query = connection.prepare_cached(sql)?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    rows.map(|row| {
        let (verdict, ruling, count): (String, String, i64) = row?;
        let what = || "decisions on cases".to_owned();
        Ok((verdict_of(&verdict, what)?, ruling_of(&ruling, what)?, u64::try_from(count).unwrap_or_default()))
    })
    .collect()
}

fn sweep(tx: &Transaction<'_>, bounds: &CaseBounds) -> Result<Swept, Fault> {
    let most = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let old = tx.execute("DELETE FROM cases WHERE made_at < ?1", [time_text(bounds.cases_before)])?;
    let sql = "DELETE FROM cases WHERE id <= (SELECT id FROM cases ORDER BY id DESC LIMIT 1 OFFSET ?1)";
    let many = tx.execute(sql, [most(bounds.cases)])?;
    let sql = "DELETE FROM case_pictures WHERE case_id IN (SELECT id FROM cases WHERE made_at < ?1)";
    let seen = tx.execute(sql, [time_text(bounds.pictures_before)])?;
    let sql = "DELETE FROM case_pictures WHERE case_id IN (SELECT case_id FROM (SELECT case_id, \
               sum(bytes) OVER (ORDER BY case_id DESC) AS total FROM case_pictures) WHERE total > ?1)";
    let large = tx.execute(sql, [most(bounds.picture_bytes)])?;
    let swept = Swept { cases: (old + many) as u64, pictures: (seen + large) as u64 };
    if swept != Swept::default() {
        scrub::demand(tx)?;
    }
    Ok(swept)
}

fn read(row: &Row<'_>) -> rusqlite::Result<CaseRow> {
    Ok(CaseRow {
        id: row.get(0)?,
        made_at: row.get(1)?,
        request: row.get(2)?,
        key_id: row.get(3)?,
        identity_id: row.get(4)?,
        claimed: row.get(5)?,
        image_sha256: row.get(6)?,
        verdict: row.get(7)?,
        score: row.get(8)?,
        audit_head: row.get(9)?,
        decision: row.get(10)?,
        has_picture: row.get(11)?,
    })
}
