//! Cases that wait to be written.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::store::{NewCase, Store, StoreError};

/// Cases are written together. A verdict whose case makes them this many, or this many bytes, writes them itself.
const MOST: usize = 256;
const MOST_BYTES: usize = 32 << 20;
/// While the store fails, cases may wait up to this many times those bounds. Above it all of them are dropped, with an
/// error in the log.
const PATIENCE: usize = 8;

/// Cases that wait to be written.
#[derive(Default)]
pub(in crate::service) struct Waiting {
    cases: Mutex<Vec<NewCase>>,
    /// Held while they are written, so that who reads cases waits for those that were taken before.
    writing: Mutex<()>,
}

fn bytes(cases: &[NewCase]) -> usize {
    cases.iter().map(|case| case.answer.len() + case.picture.as_ref().map_or(0, Vec::len)).sum()
}

impl Waiting {
    fn cases(&self) -> MutexGuard<'_, Vec<NewCase>> {
        self.cases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a case. Where too many wait, they are written first.
    pub(in crate::service) fn push(&self, case: NewCase, store: &dyn Store) {
        let full = {
            let mut cases = self.cases();
            cases.push(case);
            cases.len() >= MOST || bytes(&cases) >= MOST_BYTES
        };
        if full && let Err(e) = self.flush(store) {
            tracing::error!(cause = %e, "cases were not written");
        }
    }

    /// Writes those that wait.
    ///
    /// # Errors
    /// When the store fails; they go on waiting, as long as there are not too many.
    pub(in crate::service) fn flush(&self, store: &dyn Store) -> Result<(), StoreError> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = std::mem::take(&mut *self.cases());
        if taken.is_empty() {
            return Ok(());
        }
        store.add_cases(&taken).map(drop).inspect_err(|_| self.put_back(taken))
    }

    fn put_back(&self, mut taken: Vec<NewCase>) {
        let mut cases = self.cases();
        taken.append(&mut cases);
        if taken.len() > PATIENCE * MOST || bytes(&taken) > PATIENCE * MOST_BYTES {
            tracing::error!(
                cases = taken.len(),
                "cases are lost: the store takes none; the audit log has their verdicts"
            );
            taken.clear();
        }
        *cases = taken;
    }
}
