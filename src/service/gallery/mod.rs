//! Every identity as listing and searching need it, in memory; a profile is fitted when a face is compared with it.

mod shelf;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, RwLock, RwLockReadGuard};

use jiff::Timestamp;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::ServiceError;
use crate::identity::{Agreement, IdentityId, IdentityRecord, Population, Profile, SEARCHED, SearchRow, Similarity};
use crate::store::{Listed, Store, StoreError};
use crate::template::Embedding;
use shelf::Shelf;

/// One identity as it stands in memory.
#[derive(Debug)]
pub struct Enrolled {
    /// The record.
    pub record: IdentityRecord,
    /// The number of references.
    pub references: usize,
    /// The number of negatives.
    pub negatives: usize,
    /// The agreement of its references, in the order of [`Embedding::JUDGED`].
    pub(super) agreement: [Agreement; Embedding::JUDGED.len()],
    /// No two states of identities have the same number.
    revision: u64,
}

impl Enrolled {
    /// Whether searches cannot find it although it has references: their templates were made by earlier networks, and
    /// it has to be enrolled again, or its templates made again from kept images.
    pub fn is_outdated(&self) -> bool {
        self.references > 0 && self.agreement[SEARCHED as usize].vectors == 0
    }

    /// Whether it is past its `expires_at` at `now`.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.record.fields.expires_at.is_some_and(|end| end <= now)
    }
}

/// An identity that a face may depict.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) enrolled: Arc<Enrolled>,
    /// The similarity of the face to its references; exact but for rounding, and not confirmed.
    pub(super) similarity: Similarity,
}

/// The page size in which the store is read at start.
const PAGE: usize = 256;
/// The memory for fitted profiles unless a setting says otherwise, in bytes.
const PROFILES: usize = 64 << 20;
/// About the memory of one profile, in bytes: only a hint for the cache.
const PROFILE: usize = 32 << 10;

pub(super) struct Gallery {
    store: Arc<dyn Store>,
    population: Arc<Population>,
    shelf: RwLock<Shelf>,
    /// Held from before the store is read again until the shelf has it: the later of two readings stays.
    refreshing: Mutex<()>,
    /// Fitted profiles by the revision of their identity.
    profiles: Cache<u64, Arc<Profile>, Bytes>,
}

#[derive(Clone)]
struct Bytes;

impl Weighter<u64, Arc<Profile>> for Bytes {
    fn weight(&self, _: &u64, profile: &Arc<Profile>) -> u64 {
        profile.size() as u64
    }
}

impl Gallery {
    /// Reads every identity of the store. Missing search rows are made from the templates and written back.
    pub(super) fn load(store: Arc<dyn Store>, population: Arc<Population>) -> Result<Self, StoreError> {
        let mut shelf = Shelf::new(&population);
        fill(&mut shelf, store.as_ref())?;
        let (shelf, refreshing) = (RwLock::new(shelf), Mutex::new(()));
        Ok(Self { store, population, shelf, refreshing, profiles: cache(PROFILES) })
    }

    /// Sets the memory for fitted profiles, in bytes.
    pub(super) fn set_profile_memory(&mut self, bytes: usize) {
        self.profiles = cache(bytes);
    }

    fn read(&self) -> Result<RwLockReadGuard<'_, Shelf>, ServiceError> {
        self.shelf.read().map_err(|_| ServiceError::Poisoned)
    }

    pub(super) fn get(&self, id: &IdentityId) -> Result<Arc<Enrolled>, ServiceError> {
        self.read()?.get(id).cloned().ok_or_else(|| ServiceError::UnknownIdentity(id.to_string()))
    }

    /// As [`Gallery::get`], but refuses an expired identity.
    pub(super) fn living(&self, id: &IdentityId) -> Result<Arc<Enrolled>, ServiceError> {
        let enrolled = self.get(id)?;
        if enrolled.has_expired(Timestamp::now()) { Err(ServiceError::Expired(id.clone())) } else { Ok(enrolled) }
    }

    /// The same identity as it stands now.
    ///
    /// # Errors
    /// When it has been erased or has expired since, even where its id has been used again.
    pub(super) fn still(&self, enrolled: &Enrolled) -> Result<Arc<Enrolled>, ServiceError> {
        let id = &enrolled.record.id;
        let now = self.living(id)?;
        let same = now.record.created_at == enrolled.record.created_at;
        if same { Ok(now) } else { Err(ServiceError::UnknownIdentity(id.to_string())) }
    }

    /// The number of identities that a search can find: the living ones with a direction.
    pub(super) fn len(&self) -> Result<usize, ServiceError> {
        Ok(self.read()?.searchable(Timestamp::now()))
    }

    /// The living identities that are nearest to a face by the vector that searches use, the nearest first, and equally
    /// near ones in no order. No profile is read.
    pub(super) fn candidates(&self, face: &[f32], count: usize) -> Result<Vec<Candidate>, ServiceError> {
        Ok(self.read()?.nearest(face, count, Timestamp::now()))
    }

    /// The profile of an identity as it stands now, fitted over its templates unless it has been recently.
    ///
    /// # Errors
    /// When the identity has been erased or has expired since, or has no references; when the store fails.
    pub(super) fn profile(&self, enrolled: &Enrolled) -> Result<Arc<Profile>, ServiceError> {
        let now = self.still(enrolled)?;
        let id = &now.record.id;
        let fitted = self.profiles.get_or_insert_with(&now.revision, || {
            let samples = self.store.samples(id)?;
            let profile = Profile::fit(&samples, &self.population);
            profile.map(Arc::new).ok_or_else(|| ServiceError::NoReferences(id.clone()))
        });
        // Whoever changes an identity drops the profile of its last revision; one that comes later drops itself.
        let after = self.still(enrolled);
        if !after.as_ref().is_ok_and(|after| after.revision == now.revision) {
            self.profiles.remove(&now.revision);
        }
        after.and(fitted)
    }

    /// At most `limit` identities after `after`, in the order of ids.
    pub(super) fn page(&self, after: Option<&IdentityId>, limit: usize) -> Result<Vec<Arc<Enrolled>>, ServiceError> {
        Ok(self.read()?.page(after, limit))
    }

    /// Reads one identity again after a change in the store; one that is gone is dropped.
    pub(super) fn refresh(&self, id: &IdentityId) -> Result<(), ServiceError> {
        self.refresh_all(std::slice::from_ref(id))
    }

    /// The same of several identities.
    pub(super) fn refresh_all(&self, ids: &[IdentityId]) -> Result<(), ServiceError> {
        let _refreshing = self.refreshing.lock().map_err(|_| ServiceError::Poisoned)?;
        for ids in ids.chunks(PAGE) {
            let rows = with_rows(self.store.as_ref(), self.store.listed_of(ids)?)?;
            let mut replaced = Vec::new();
            {
                let mut shelf = self.shelf.write().map_err(|_| ServiceError::Poisoned)?;
                let gone = ids.iter().filter(|id| !rows.iter().any(|(record, _)| record.id == **id));
                replaced.extend(gone.filter_map(|id| shelf.remove(id)));
                replaced.extend(rows.into_iter().filter_map(|(record, row)| shelf.put(record, &row)));
            }
            for before in replaced {
                self.profiles.remove(&before.revision);
            }
        }
        Ok(())
    }

    /// Reads every identity again.
    pub(super) fn reload(&self) -> Result<(), ServiceError> {
        let _refreshing = self.refreshing.lock().map_err(|_| ServiceError::Poisoned)?;
        let mut shelf = self.read()?.emptied(&self.population);
        fill(&mut shelf, self.store.as_ref())?;
        *self.shelf.write().map_err(|_| ServiceError::Poisoned)? = shelf;
        self.profiles.clear();
        Ok(())
    }
}

/// Puts every identity of the store onto the shelf.
fn fill(shelf: &mut Shelf, store: &dyn Store) -> Result<(), StoreError> {
    let mut after: Option<IdentityId> = None;
    loop {
        let page = store.listing(after.as_ref(), PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.record.id.clone());
        for (record, row) in with_rows(store, page)? {
            shelf.put(record, &row);
        }
    }
}

/// The identities with their search rows; missing ones are made from the templates and written back.
fn with_rows(store: &dyn Store, page: Vec<Listed>) -> Result<Vec<(IdentityRecord, SearchRow)>, StoreError> {
    let missing: Vec<IdentityId> = page.iter().filter(|l| l.row.is_none()).map(|l| l.record.id.clone()).collect();
    let renewed = if missing.is_empty() { Vec::new() } else { store.renew_search_rows(&missing)? };
    let mut renewed = renewed.into_iter();
    let whole = page.into_iter().map(|Listed { record, row }| {
        let row = row.unwrap_or_else(|| readable(renewed.next(), &record.id));
        (record, row)
    });
    Ok(whole.collect())
}

/// The row that was made, or an empty one: an identity with a damaged template stays, for its owner to repair or erase,
/// but no search finds it.
fn readable(renewed: Option<Result<SearchRow, StoreError>>, id: &IdentityId) -> SearchRow {
    renewed.unwrap_or_else(|| Err(StoreError::UnknownIdentity(id.clone()))).unwrap_or_else(|e| {
        tracing::error!(cause = %e, "an identity cannot be found by a search: a sample of it is damaged");
        SearchRow::default()
    })
}

fn cache(bytes: usize) -> Cache<u64, Arc<Profile>, Bytes> {
    Cache::with_weighter(bytes / PROFILE + 1, bytes as u64, Bytes)
}
