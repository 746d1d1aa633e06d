//! Every identity with its fitted profile, in memory: what a probe is compared with.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use jiff::Timestamp;

use super::ServiceError;
use crate::identity::store::{Store, StoreError};
use crate::identity::{IdentityId, IdentityRecord, Population, Profile, Sample};

/// One identity as it stands in memory.
pub struct Enrolled {
    /// The record.
    pub record: IdentityRecord,
    /// Its references and negatives.
    pub samples: Vec<Sample>,
    /// Its profile; `None` without a reference.
    pub profile: Option<Profile>,
}

impl Enrolled {
    /// Whether its time is over at `now`.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.record.fields.expires_at.is_some_and(|end| end <= now)
    }
}

/// The page size in which the store is read at start.
const PAGE: usize = 256;

pub(super) struct Gallery(RwLock<BTreeMap<IdentityId, Arc<Enrolled>>>);

impl Gallery {
    /// Reads every identity of the store and fits its profile.
    pub(super) fn load(store: &dyn Store, population: &Population) -> Result<Self, StoreError> {
        let mut all = BTreeMap::new();
        let mut after: Option<IdentityId> = None;
        loop {
            let page = store.identities(after.as_ref(), PAGE)?;
            let Some(last) = page.last() else { break };
            after = Some(last.id.clone());
            for record in page {
                all.insert(record.id.clone(), Arc::new(fit(store, record, population)?));
            }
        }
        Ok(Self(RwLock::new(all)))
    }

    pub(super) fn get(&self, id: &IdentityId) -> Result<Arc<Enrolled>, ServiceError> {
        let all = self.0.read().map_err(|_| ServiceError::Poisoned)?;
        all.get(id).cloned().ok_or_else(|| ServiceError::UnknownIdentity(id.to_string()))
    }

    /// As [`Gallery::get`], for comparing with: one whose time is over is refused.
    pub(super) fn living(&self, id: &IdentityId) -> Result<Arc<Enrolled>, ServiceError> {
        let enrolled = self.get(id)?;
        if enrolled.has_expired(Timestamp::now()) { Err(ServiceError::Expired(id.clone())) } else { Ok(enrolled) }
    }

    /// Every identity whose time is not over, in the order of ids.
    pub(super) fn all_living(&self) -> Result<Vec<Arc<Enrolled>>, ServiceError> {
        let now = Timestamp::now();
        Ok(self.all()?.into_iter().filter(|e| !e.has_expired(now)).collect())
    }

    /// Every identity, in the order of ids.
    pub(super) fn all(&self) -> Result<Vec<Arc<Enrolled>>, ServiceError> {
        Ok(self.0.read().map_err(|_| ServiceError::Poisoned)?.values().cloned().collect())
    }

    /// Reads one identity again after the store has changed; one that is gone is dropped.
    pub(super) fn refresh(
        &self,
        store: &dyn Store,
        id: &IdentityId,
        population: &Population,
    ) -> Result<(), ServiceError> {
        let fitted = store.identity(id)?.map(|record| fit(store, record, population)).transpose()?;
        let mut all = self.0.write().map_err(|_| ServiceError::Poisoned)?;
        match fitted {
            Some(enrolled) => all.insert(id.clone(), Arc::new(enrolled)),
            None => all.remove(id),
        };
        Ok(())
    }
}

fn fit(store: &dyn Store, record: IdentityRecord, population: &Population) -> Result<Enrolled, StoreError> {
    let samples = store.samples(&record.id)?;
    let profile = Profile::fit(&samples, population);
    Ok(Enrolled { record, samples, profile })
}
