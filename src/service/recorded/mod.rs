//! Acts that are recorded before they are answered: no record, no answer.
//!
//! [`Recorded`] holds a service, a store or the API keys together with the audit log. Reading goes straight through it;
//! whatever changes, decides or gives out anything goes through [`Acting`], which names the actor and writes the record
//! before it returns. Nothing else writes to the audit log, except the line the log writes when it repairs itself; so
//! no caller can forget the record.

mod keys;
mod service;
mod store;
#[cfg(test)]
mod tests;

use super::{Service, ServiceError};
use crate::audit::{AuditError, AuditLog, Author, Event};
use crate::identity::IdentityId;
use crate::store::{KeyStore, SqliteStore};

/// A service, a store or API keys, and the audit log that every act on them goes to.
pub struct Recorded<T> {
    target: T,
    audit: AuditLog,
}

/// The service with its networks.
pub type RecordedService = Recorded<Service>;
/// The store of a data folder that no other process has open, without networks.
pub type RecordedStore = Recorded<SqliteStore>;
/// The API keys of a data folder, which a server may have open.
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
        self.on.audit.append(&self.author, event)?;
        Ok(())
    }
}
