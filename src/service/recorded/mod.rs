//! Acts that are recorded before they are answered: no record, no answer.
//!
//! [`Recorded`] holds a service, a store or the API keys together with the audit log. Reading goes straight through it;
//! whatever changes, decides or gives out anything goes through [`Acting`], which names the actor and writes the record
//! before it returns. Nothing else writes to the audit log, except the line the log writes when it repairs itself; so
//! no caller can forget the record.

mod cases;
mod keys;
mod service;
mod store;
#[cfg(test)]
mod tests;

use std::fs::DirBuilder;
use std::path::Path;

use super::{Service, ServiceError};
use crate::audit::{AuditError, AuditLog, Author, Event, Head};
use crate::identity::IdentityId;
use crate::store::{KeyStore, Store, StoreError};

pub use cases::CaseSample;

/// Makes the data folder of a store that lies elsewhere: for its audit log.
fn make_folder(dir: &Path) -> Result<(), StoreError> {
    let mut folder = DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(dir).map_err(|source| StoreError::Io { action: "create the data folder", path: dir.into(), source })
}

/// A service, a store or API keys, and the audit log that every act on them goes to.
pub struct Recorded<T> {
    target: T,
    audit: AuditLog,
}

/// The service with its networks.
pub type RecordedService = Recorded<Service>;
/// The store of a data folder that no other process has open, or one that several processes share, without networks.
pub type RecordedStore = Recorded<Box<dyn Store>>;
/// The API keys of a store, which a server may have open.
pub type RecordedKeys = Recorded<Box<dyn KeyStore>>;

impl<T> Recorded<T> {
    /// The acts, on behalf of `author`.
    pub fn acting_as(&self, author: impl Into<Author>) -> Acting<'_, T> {
        Acting { on: self, author: author.into() }
    }

    /// Flushes verdicts to disk; every other record is on disk when its act returns.
    ///
    /// # Errors
    /// When the audit log cannot be written.
    pub fn flush(&self) -> Result<(), AuditError> {
        self.audit.flush()
    }
}

/// The acts of one actor. Every method records its act before it returns, and fails with [`ServiceError::Audit`] when
/// that is impossible: the act is done then, but not answered.
pub struct Acting<'a, T> {
    on: &'a Recorded<T>,
    author: Author,
}

impl<T> Acting<'_, T> {
    fn target(&self) -> &T {
        &self.on.target
    }

    /// The identity's pseudonym in the audit log.
    fn subject(&self, id: &IdentityId) -> String {
        self.on.audit.subject(id)
    }

    fn record(&self, event: &Event) -> Result<(), ServiceError> {
        self.recorded(event).map(drop)
    }

    /// Records an event; returns its line's number and hash.
    fn recorded(&self, event: &Event) -> Result<Head, ServiceError> {
        Ok(self.on.audit.append(&self.author, event)?)
    }
}
