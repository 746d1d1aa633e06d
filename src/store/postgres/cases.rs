//! Rows of `cases`, of their pictures and of their decisions. They make no version of the store: nobody holds them in
//! memory, and verdicts must not take turns with the writes of other servers.

use std::cell::Cell;
use std::collections::HashMap;

use deadpool_postgres::{GenericClient, Transaction};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::fault::Fault;
use super::{PostgresStore, versions};
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

impl CaseStore for PostgresStore {
    fn add_cases(&self, cases: &[NewCase]) -> StoreResult<usize> {
        // Done twice it adds them once.
        self.shared.with_client(&Cell::new(false), async |client| {
            let tx = client.transaction().await?;
            versions::share(&tx, self.place(), self.vault.master.id()).await?;
            let added = add(&tx, &self.vault, cases).await?;
            tx.commit().await?;
            Ok(added)
        })
    }

    fn case(&self, id: Uuid) -> StoreResult<Option<Case>> {
        self.read(async |client| get(client, &self.vault, id).await)
    }

    fn cases(&self, filter: &CaseFilter, before: Option<Uuid>, limit: usize) -> StoreResult<Vec<CaseRecord>> {
        self.read(async |client| page(client, filter, before, limit).await)
    }

    fn decide(&self, id: Uuid, decision: &CaseDecision) -> StoreResult<bool> {
        self.write(async |tx| Ok((decide(tx, &self.vault, id, decision).await?, Vec::new())))
    }

    fn case_picture(&self, id: Uuid) -> StoreResult<Option<Vec<u8>>> {
        self.read(async |client| picture(client, &self.vault, id).await)
    }

    fn rulings(&self) -> StoreResult<Vec<(Verdict, Ruling, u64)>> {
        self.read(async |client| rulings(client).await)
    }

    fn sweep_cases(&self, bounds: &CaseBounds) -> StoreResult<Swept> {
        self.write(async |tx| Ok((sweep(tx, bounds).await?, Vec::new())))
    }
}

async fn add(tx: &Transaction<'_>, vault: &Vault, cases: &[NewCase]) -> Result<usize, Fault> {
    let mut keys: HashMap<Option<&IdentityId>, Option<(DataKey, String)>> = HashMap::new();
    // In one order, so that two servers do not wait for one another.
    let mut about: Vec<Option<&IdentityId>> = cases.iter().map(|case| case.record.identity.as_ref()).collect();
    about.sort_unstable();
    about.dedup();
    for identity in about {
        keys.insert(identity, key_for(tx, vault, identity).await?);
    }
    let sql = "INSERT INTO cases (id, made_at, request, key_id, identity_id, claimed, image_sha256, verdict, score, \
               audit_head, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING";
    let insert = tx.prepare_cached(sql).await?;
    let sql = "INSERT INTO case_pictures (case_id, bytes, sealed) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    let picture = tx.prepare_cached(sql).await?;
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
        let made_at = time_text(*made_at);
        let whose = keys.get(&identity.as_ref()).and_then(Option::as_ref);
        let Some((own, _)) = whose.filter(|(_, since)| *since <= made_at) else { continue };
        let identity = identity.as_ref().map(IdentityId::as_str);
        let (verdict, sealed) = (verdict.name(), seal_answer(own, case)?);
        let row: [&(dyn ToSql + Sync); 11] =
            [id, &made_at, request, key, &identity, claimed, image_sha256, &verdict, score, audit_head, &sealed];
        tx.execute(&insert, &row).await?;
        if let Some(bytes) = &case.picture {
            tx.execute(&picture, &[id, &limited(bytes.len()), &seal_picture(own, *id, bytes)?]).await?;
        }
        added += 1;
    }
    Ok(added)
}

/// The key for cases about `identity`, made where it has none, and the time from which on cases are about it: earlier ones
/// are about one that was erased and had the same id. `None` where there is no such identity. It stays until the end of the
/// transaction.
async fn key_for(
    tx: &Transaction<'_>,
    vault: &Vault,
    identity: Option<&IdentityId>,
) -> Result<Option<(DataKey, String)>, Fault> {
    let Some(id) = identity else { return Ok(Some((vault.nobodys_case_key()?, String::new()))) };
    let sql = "SELECT created_at FROM identities WHERE id = $1 FOR KEY SHARE";
    let Some(row) = tx.query_opt(&tx.prepare_cached(sql).await?, &[&id.as_str()]).await? else { return Ok(None) };
    let since = row.try_get(0)?;
    if let Some(wrapped) = wrapped(tx, id).await? {
        return Ok(Some((vault.unwrap_case_key(id, &wrapped)?, since)));
    }
    let (_, made) = vault.new_case_key(id)?;
    // Another server may have been faster.
    let sql = "UPDATE identity_keys SET case_key = coalesce(case_key, $2) WHERE identity_id = $1 RETURNING case_key";
    let row = tx.query_opt(&tx.prepare_cached(sql).await?, &[&id.as_str(), &made]).await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some((vault.unwrap_case_key(id, row.try_get(0)?)?, since)))
}

/// The wrapped key for cases about an identity; `None` where it has none.
async fn wrapped(client: &impl GenericClient, id: &IdentityId) -> Result<Option<Vec<u8>>, Fault> {
    let sql = "SELECT case_key FROM identity_keys WHERE identity_id = $1";
    let row = client.query_opt(&client.prepare_cached(sql).await?, &[&id.as_str()]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?.flatten())
}

/// The key that opens a case.
async fn key_of(client: &impl GenericClient, vault: &Vault, record: &CaseRecord) -> Result<DataKey, Fault> {
    let Some(id) = &record.identity else { return Ok(vault.nobodys_case_key()?) };
    let wrapped = wrapped(client, id).await?.unwrap_or_default();
    Ok(vault.unwrap_case_key(id, &wrapped)?)
}

/// The columns in clear, and what is sealed.
async fn record(client: &impl GenericClient, id: Uuid) -> Result<Option<(CaseRecord, Vec<u8>)>, Fault> {
    let sql = format!("SELECT {}, sealed FROM cases WHERE id = $1", CaseRow::COLUMNS);
    let row = client.query_opt(&client.prepare_cached(&sql).await?, &[&id]).await?;
    row.map(|row| Ok((read(&row)?.record()?, row.try_get(12)?))).transpose()
}

async fn get(client: &impl GenericClient, vault: &Vault, id: Uuid) -> Result<Option<Case>, Fault> {
    let Some((record, sealed)) = record(client, id).await? else { return Ok(None) };
    let key = key_of(client, vault, &record).await?;
    let answer = open_answer(&key, &record, &sealed)?;
    let sql = "SELECT seq, decision, key_id, made_at, sealed FROM case_decisions WHERE case_id = $1 ORDER BY seq";
    let mut decisions = Vec::new();
    for row in client.query(&client.prepare_cached(sql).await?, &[&id]).await? {
        let row = DecisionRow {
            seq: row.try_get(0)?,
            decision: row.try_get(1)?,
            key_id: row.try_get(2)?,
            made_at: row.try_get(3)?,
            sealed: row.try_get(4)?,
        };
        decisions.push(row.decision(id, &key)?);
    }
    Ok(Some(Case { record, answer, decisions }))
}

async fn page(
    client: &impl GenericClient,
    filter: &CaseFilter,
    before: Option<Uuid>,
    limit: usize,
) -> Result<Vec<CaseRecord>, Fault> {
    let FilterRow { verdict, identity, from, to, decision, key } = FilterRow::of(filter);
    let sql = format!(
        "SELECT {} FROM cases WHERE ($1::uuid IS NULL OR id < $1) AND ($2::text IS NULL OR verdict = $2) \
         AND ($3::text IS NULL OR identity_id = $3) AND ($4::text IS NULL OR made_at >= $4) \
         AND ($5::text IS NULL OR made_at < $5) AND ($6::text IS NULL OR coalesce(decision, '') = $6) \
         AND ($7::text IS NULL OR key_id = $7) ORDER BY id DESC LIMIT $8",
        CaseRow::COLUMNS
    );
    let query = client.prepare_cached(&sql).await?;
    let limit = limited(limit);
    let wanted: [&(dyn ToSql + Sync); 8] = [&before, &verdict, &identity, &from, &to, &decision, &key, &limit];
    client.query(&query, &wanted).await?.iter().map(|row| Ok(read(row)?.record()?)).collect()
}

async fn decide(tx: &Transaction<'_>, vault: &Vault, id: Uuid, decision: &CaseDecision) -> Result<bool, Fault> {
    // Whoever decides the same case waits here.
    let name = decision.ruling.name();
    let sql = tx.prepare_cached("UPDATE cases SET decision = $2 WHERE id = $1").await?;
    if tx.execute(&sql, &[&id, &name]).await? == 0 {
        return Ok(false);
    }
    let Some((record, _)) = record(tx, id).await? else { return Ok(false) };
    let key = key_of(tx, vault, &record).await?;
    let next = "SELECT coalesce(max(seq), 0) + 1 FROM case_decisions WHERE case_id = $1";
    let seq: i64 = tx.query_one(&tx.prepare_cached(next).await?, &[&id]).await?.try_get(0)?;
    let sealed = seal_comment(&key, id, seq, decision)?;
    let sql = "INSERT INTO case_decisions (case_id, seq, decision, key_id, made_at, sealed) \
               VALUES ($1, $2, $3, $4, $5, $6)";
    let row: [&(dyn ToSql + Sync); 6] = [&id, &seq, &name, &decision.key, &time_text(decision.made_at), &sealed];
    tx.execute(&tx.prepare_cached(sql).await?, &row).await?;
    Ok(true)
}

async fn picture(client: &impl GenericClient, vault: &Vault, id: Uuid) -> Result<Option<Vec<u8>>, Fault> {
    let sql = client.prepare_cached("SELECT sealed FROM case_pictures WHERE case_id = $1").await?;
    let Some(row) = client.query_opt(&sql, &[&id]).await? else { return Ok(None) };
    let Some((record, _)) = record(client, id).await? else { return Ok(None) };
    let key = key_of(client, vault, &record).await?;
    Ok(Some(open_picture(&key, id, row.try_get(0)?)?))
}

async fn rulings(client: &impl GenericClient) -> Result<Vec<(Verdict, Ruling, u64)>, Fault> {
    let sql = "SELECT verdict, decision, count(*) FROM cases WHERE decision IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2";
    let rows = client.query(&client.prepare_cached(sql).await?, &[]).await?;
    let what = || "decisions on cases".to_owned();
    let of = |row: &Row| {
        let (verdict, ruling, count): (&str, &str, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        Ok((verdict_of(verdict, what)?, ruling_of(ruling, what)?, u64::try_from(count).unwrap_or_default()))
    };
    rows.iter().map(of).collect()
}

async fn sweep(tx: &Transaction<'_>, bounds: &CaseBounds) -> Result<Swept, Fault> {
    let most = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let sql = "DELETE FROM cases WHERE made_at < $1";
    let old = tx.execute(sql, &[&time_text(bounds.cases_before)]).await?;
    let sql = "DELETE FROM cases WHERE id <= (SELECT id FROM cases ORDER BY id DESC LIMIT 1 OFFSET $1)";
    let many = tx.execute(sql, &[&most(bounds.cases)]).await?;
    let sql = "DELETE FROM case_pictures WHERE case_id IN (SELECT id FROM cases WHERE made_at < $1)";
    let seen = tx.execute(sql, &[&time_text(bounds.pictures_before)]).await?;
    let sql = "DELETE FROM case_pictures WHERE case_id IN (SELECT case_id FROM (SELECT case_id, \
               sum(bytes) OVER (ORDER BY case_id DESC) AS total FROM case_pictures) AS kept \
               WHERE total > $1::bigint)";
    let large = tx.execute(sql, &[&most(bounds.picture_bytes)]).await?;
    Ok(Swept { cases: old + many, pictures: seen + large })
}

fn read(row: &Row) -> Result<CaseRow, Fault> {
    let id: Uuid = row.try_get(0)?;
    Ok(CaseRow {
        id: id.hyphenated().to_string(),
        made_at: row.try_get(1)?,
        request: row.try_get(2)?,
        key_id: row.try_get(3)?,
        identity_id: row.try_get(4)?,
        claimed: row.try_get(5)?,
        image_sha256: row.try_get(6)?,
        verdict: row.try_get(7)?,
        score: row.try_get(8)?,
        audit_head: row.try_get(9)?,
        decision: row.try_get(10)?,
        has_picture: row.try_get(11)?,
    })
}
