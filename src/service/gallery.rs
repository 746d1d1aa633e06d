//! Every identity with its fitted profile, in memory. Probes are compared with it.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::{Arc, RwLock};

use jiff::Timestamp;

use super::ServiceError;
use crate::identity::{IdentityId, IdentityRecord, Index, Population, Profile, Sample};
use crate::store::{Store, StoreError};
use crate::template::Template;

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
    /// Whether it is past its `expires_at` at `now`.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.record.fields.expires_at.is_some_and(|end| end <= now)
    }
}

/// The page size in which the store is read at start.
const PAGE: usize = 256;
/// The number of identities that a face is compared with by all embeddings: every one of a smaller gallery, the nearest
/// by the index in a larger one.
const CANDIDATES: usize = 1024;

pub(super) struct Gallery(RwLock<Shelf>);

/// All identities; `rows` holds those with a profile in the order of the index's rows.
struct Shelf {
    all: BTreeMap<IdentityId, Arc<Enrolled>>,
    index: Index,
    rows: Vec<Arc<Enrolled>>,
    row_of: HashMap<IdentityId, usize>,
}

impl Gallery {
    /// Reads every identity of the store and fits its profile.
    pub(super) fn load(store: &dyn Store, population: &Population) -> Result<Self, StoreError> {
        let (all, index) = (BTreeMap::new(), Index::new(population));
        let mut shelf = Shelf { all, index, rows: Vec::new(), row_of: HashMap::new() };
        let mut after: Option<IdentityId> = None;
        loop {
            let page = store.identities(after.as_ref(), PAGE)?;
            let Some(last) = page.last() else { break };
            after = Some(last.id.clone());
            for record in page {
                shelf.put(fit(store, record, population)?);
            }
        }
        Ok(Self(RwLock::new(shelf)))
    }

    pub(super) fn get(&self, id: &IdentityId) -> Result<Arc<Enrolled>, ServiceError> {
        let shelf = self.0.read().map_err(|_| ServiceError::Poisoned)?;
        shelf.all.get(id).cloned().ok_or_else(|| ServiceError::UnknownIdentity(id.to_string()))
    }

    /// As [`Gallery::get`], but refuses an expired identity.
    pub(super) fn living(&self, id: &IdentityId) -> Result<Arc<Enrolled>, ServiceError> {
        let enrolled = self.get(id)?;
        if enrolled.has_expired(Timestamp::now()) { Err(ServiceError::Expired(id.clone())) } else { Ok(enrolled) }
    }

    /// The living identity most like a face; of equally alike ones the last by id.
    pub(super) fn best_match(&self, face: &Template) -> Result<Option<Arc<Enrolled>>, ServiceError> {
        let now = Timestamp::now();
        let candidates: Vec<Arc<Enrolled>> = {
            let shelf = self.0.read().map_err(|_| ServiceError::Poisoned)?;
            let near = shelf.index.nearest(face, CANDIDATES);
            near.iter().filter_map(|n| shelf.rows.get(n.row).cloned()).collect()
        };
        let living = candidates.into_iter().filter(|e| !e.has_expired(now));
        let alike = living.filter_map(|e| Some((e.profile.as_ref()?.likeness(face), e)));
        let order = |a: &(f32, Arc<Enrolled>), b: &(f32, Arc<Enrolled>)| {
            a.0.total_cmp(&b.0).then_with(|| a.1.record.id.cmp(&b.1.record.id))
        };
        Ok(alike.max_by(order).map(|(_, e)| e))
    }

    /// At most `limit` identities after `after`, in the order of ids.
    pub(super) fn page(&self, after: Option<&IdentityId>, limit: usize) -> Result<Vec<Arc<Enrolled>>, ServiceError> {
        let shelf = self.0.read().map_err(|_| ServiceError::Poisoned)?;
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        Ok(shelf.all.range((from, Bound::Unbounded)).take(limit).map(|(_, e)| e.clone()).collect())
    }

    /// Reads one identity again after a change in the store; one that is gone is dropped.
    pub(super) fn refresh(
        &self,
        store: &dyn Store,
        id: &IdentityId,
        population: &Population,
    ) -> Result<(), ServiceError> {
        let fitted = store.identity(id)?.map(|record| fit(store, record, population)).transpose()?;
        let mut shelf = self.0.write().map_err(|_| ServiceError::Poisoned)?;
        match fitted {
            Some(enrolled) => shelf.put(enrolled),
            None => shelf.remove(id),
        }
        Ok(())
    }
}

impl Shelf {
    fn put(&mut self, enrolled: Enrolled) {
        let (id, enrolled) = (enrolled.record.id.clone(), Arc::new(enrolled));
        match (&enrolled.profile, self.row_of.get(&id)) {
            (Some(profile), Some(&row)) => {
                self.index.set(row, profile);
                self.rows[row] = enrolled.clone();
            }
            (Some(profile), None) => {
                self.index.push(profile);
                self.row_of.insert(id.clone(), self.rows.len());
                self.rows.push(enrolled.clone());
            }
            (None, _) => self.take_row(&id),
        }
        self.all.insert(id, enrolled);
    }

    fn remove(&mut self, id: &IdentityId) {
        self.take_row(id);
        self.all.remove(id);
    }

    /// Removes the identity's row, where it has one; the last row takes its place.
    fn take_row(&mut self, id: &IdentityId) {
        let Some(row) = self.row_of.remove(id) else { return };
        self.index.swap_remove(row);
        self.rows.swap_remove(row);
        if let Some(moved) = self.rows.get(row) {
            self.row_of.insert(moved.record.id.clone(), row);
        }
    }
}

fn fit(store: &dyn Store, record: IdentityRecord, population: &Population) -> Result<Enrolled, StoreError> {
    let samples = store.samples(&record.id)?;
    let profile = Profile::fit(&samples, population);
    Ok(Enrolled { record, samples, profile })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::IdentityFields;
    use crate::identity::fixtures::{near, population};

    fn enrolled(name: &str, person: Option<u64>, expires_at: Option<Timestamp>) -> Enrolled {
        let fields = IdentityFields { display_name: name.into(), expires_at, ..IdentityFields::default() };
        let (id, now) = (name.parse().unwrap(), Timestamp::now());
        let record = IdentityRecord { id, fields, created_at: now, updated_at: now };
        let templates = person.map(|p| (0..3).map(|i| near(p, i)).collect()).unwrap_or_default();
        Enrolled { record, samples: Vec::new(), profile: Profile::of_templates(templates, &population()) }
    }

    fn gallery() -> Gallery {
        let index = Index::new(&population());
        let (all, rows, row_of) = (BTreeMap::new(), Vec::new(), HashMap::new());
        Gallery(RwLock::new(Shelf { all, index, rows, row_of }))
    }

    fn found(gallery: &Gallery, person: u64) -> Option<String> {
        gallery.best_match(&near(person, 77)).unwrap().map(|e| e.record.id.to_string())
    }

    #[test]
    fn a_search_sees_the_identities_of_now() {
        let gallery = gallery();
        let put = |e| gallery.0.write().unwrap().put(e);
        assert_eq!(found(&gallery, 1), None);
        for (name, person) in [("a", 1), ("b", 2), ("c", 3), ("d", 4)] {
            put(enrolled(name, Some(person), None));
        }
        put(enrolled("none", None, None));
        assert_eq!([1, 2, 3, 4].map(|p| found(&gallery, p).unwrap()), ["a", "b", "c", "d"]);
        // The last row moves up; one identity changes its face, another loses its profile and gets it back.
        gallery.0.write().unwrap().remove(&"a".parse().unwrap());
        put(enrolled("b", Some(20), None));
        put(enrolled("c", None, None));
        assert_eq!([20, 4].map(|p| found(&gallery, p).unwrap()), ["b", "d"]);
        assert_ne!(found(&gallery, 3).unwrap(), "c");
        put(enrolled("c", Some(3), None));
        assert_eq!([20, 3, 4].map(|p| found(&gallery, p).unwrap()), ["b", "c", "d"]);
        put(enrolled("d", Some(4), Some(Timestamp::UNIX_EPOCH)));
        assert_ne!(found(&gallery, 4).unwrap(), "d", "it is expired");
    }

    #[test]
    fn a_large_gallery_finds_the_right_identity() {
        let gallery = gallery();
        let people = CANDIDATES as u64 + 300;
        for person in 0..people {
            gallery.0.write().unwrap().put(enrolled(&format!("p{person}"), Some(person), None));
        }
        for person in [0, 700, people - 1] {
            assert_eq!(found(&gallery, person).unwrap(), format!("p{person}"));
        }
        let page = gallery.page(Some(&"p1".parse().unwrap()), 2).unwrap();
        assert_eq!(page.iter().map(|e| e.record.id.as_str()).collect::<Vec<_>>(), ["p10", "p100"]);
    }
}
