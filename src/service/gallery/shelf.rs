//! All identities in memory, in the order of their ids, and the index of those that a search can find.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use jiff::Timestamp;

use super::{Candidate, Enrolled};
use crate::identity::{IdentityId, IdentityRecord, Index, Population, SearchRow, Similarity};

pub(super) struct Shelf {
    all: BTreeMap<IdentityId, Place>,
    index: Index,
    /// The identities of the index's rows.
    rows: Vec<Arc<Enrolled>>,
    /// How many identities of the index expire at each time.
    ends: BTreeMap<Timestamp, usize>,
    revisions: u64,
}

struct Place {
    enrolled: Arc<Enrolled>,
    /// Its row in the index; `None` where no search can find it.
    row: Option<usize>,
}

impl Shelf {
    pub(super) fn new(population: &Population) -> Self {
        let (all, ends) = (BTreeMap::new(), BTreeMap::new());
        Self { all, index: Index::new(population), rows: Vec::new(), ends, revisions: 0 }
    }

    /// An empty shelf that numbers revisions behind those of this one.
    pub(super) fn emptied(&self, population: &Population) -> Self {
        Self { revisions: self.revisions, ..Self::new(population) }
    }

    pub(super) fn get(&self, id: &IdentityId) -> Option<&Arc<Enrolled>> {
        self.all.get(id).map(|place| &place.enrolled)
    }

    pub(super) fn page(&self, after: Option<&IdentityId>, limit: usize) -> Vec<Arc<Enrolled>> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.all.range((from, Bound::Unbounded)).take(limit).map(|(_, place)| place.enrolled.clone()).collect()
    }

    /// The number of identities in the index that are living at `now`.
    pub(super) fn searchable(&self, now: Timestamp) -> usize {
        self.rows.len() - self.ends.range(..=now).map(|(_, n)| n).sum::<usize>()
    }

    /// The identities living at `now` that are nearest to a face, the nearest first.
    pub(super) fn nearest(&self, probe: &[f32], count: usize, now: Timestamp) -> Vec<Candidate> {
        let count = count.min(self.searchable(now));
        // Expired ones are few, and erased soon.
        let expired = self.rows.len() - self.searchable(now);
        let near = self.index.nearest(probe, if count == 0 { 0 } else { count + expired });
        let all = near.iter().filter_map(|n| {
            Some(Candidate {
                enrolled: self.rows.get(n.row)?.clone(),
                similarity: Similarity { searched: n.cosine, confirming: None },
            })
        });
        all.filter(|c| !c.enrolled.has_expired(now)).take(count).collect()
    }

    /// Puts an identity in its place, and returns what stood there.
    pub(super) fn put(&mut self, record: IdentityRecord, row: &SearchRow) -> Option<Arc<Enrolled>> {
        let before = self.remove(&record.id);
        self.revisions += 1;
        let enrolled = Arc::new(Enrolled {
            record,
            references: row.references as usize,
            negatives: row.negatives as usize,
            agreement: row.agreement,
            revision: self.revisions,
        });
        let direction = row.direction();
        let searchable = !direction.is_empty() && direction.len() == self.index.width();
        if searchable {
            self.index.push(&direction);
            self.rows.push(enrolled.clone());
            if let Some(end) = enrolled.record.fields.expires_at {
                *self.ends.entry(end).or_default() += 1;
            }
        }
        let place = Place { row: searchable.then(|| self.rows.len() - 1), enrolled: enrolled.clone() };
        self.all.insert(enrolled.record.id.clone(), place);
        before
    }

    /// Removes an identity and returns it. The last row of the index takes the place of its row.
    pub(super) fn remove(&mut self, id: &IdentityId) -> Option<Arc<Enrolled>> {
        let Place { enrolled, row } = self.all.remove(id)?;
        if let Some(row) = row {
            self.index.swap_remove(row);
            self.rows.swap_remove(row);
            if let Some(moved) = self.rows.get(row).and_then(|moved| self.all.get_mut(&moved.record.id)) {
                moved.row = Some(row);
            }
            if let Some(end) = enrolled.record.fields.expires_at
                && let Some(n) = self.ends.get_mut(&end)
            {
                *n -= 1;
                if *n == 0 {
                    self.ends.remove(&end);
                }
            }
        }
        Some(enrolled)
    }
}
