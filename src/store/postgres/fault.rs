//! Errors of `PostgreSQL` as errors that a person can act on.

use std::error::Error as StdError;
use std::path::PathBuf;

use deadpool_postgres::PoolError;
use tokio_postgres::error::SqlState;

use crate::store::StoreError;

/// Why a query failed, before the server's name is added.
#[derive(Debug)]
pub(super) enum Fault {
    Sql(tokio_postgres::Error),
    Pool(String),
    Late,
    Store(StoreError),
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<PoolError> for Fault {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => Self::Sql(error),
            error => Self::Pool(error.to_string()),
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Fault {
    /// Whether the connection was lost, or the server ended it.
    pub(super) fn is_lost(&self) -> bool {
        let Self::Sql(error) = self else { return false };
        match error.code() {
            Some(code) => {
                let ended = [
                    SqlState::ADMIN_SHUTDOWN,
                    SqlState::CRASH_SHUTDOWN,
                    SqlState::CANNOT_CONNECT_NOW,
                    SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
                ];
                ended.contains(code) || code.code().starts_with("08")
            }
            None => error.is_closed() || error.source().is_some_and(<dyn StdError>::is::<std::io::Error>),
        }
    }

    /// The error for a caller; `place` is the database, without a password.
    pub(super) fn at(self, place: &str) -> StoreError {
        let lost = self.is_lost();
        let server = || place.to_owned();
        let path = || PathBuf::from(place);
        let error = match self {
            Self::Store(error) => return error,
            Self::Pool(detail) => return StoreError::Unreachable { server: server(), detail },
            Self::Late => {
                return StoreError::Unreachable { server: server(), detail: "it does not answer in time".to_owned() };
            }
            Self::Sql(error) => error,
        };
        let detail = detail(&error);
        let Some(code) = error.code() else { return StoreError::Unreachable { server: server(), detail } };
        let refused = [
            SqlState::INVALID_CATALOG_NAME,
            SqlState::INVALID_PASSWORD,
            SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
            SqlState::INSUFFICIENT_PRIVILEGE,
            SqlState::TOO_MANY_CONNECTIONS,
        ];
        let waiting = [SqlState::LOCK_NOT_AVAILABLE, SqlState::QUERY_CANCELED, SqlState::T_R_DEADLOCK_DETECTED];
        let unwritable = [
            SqlState::DISK_FULL,
            SqlState::IO_ERROR,
            SqlState::READ_ONLY_SQL_TRANSACTION,
            SqlState::INSUFFICIENT_RESOURCES,
        ];
        if lost || refused.contains(code) {
            StoreError::Unreachable { server: server(), detail }
        } else if waiting.contains(code) {
            StoreError::Busy { path: path() }
        } else if unwritable.contains(code) {
            StoreError::Unwritable { path: path(), detail }
        } else if [SqlState::DATA_CORRUPTED, SqlState::INDEX_CORRUPTED].contains(code) {
            StoreError::Corrupted { path: path(), detail }
        } else {
            StoreError::Backend(detail.into())
        }
    }
}

/// Whether a row is refused because its id is taken.
pub(super) fn is_duplicate(error: &tokio_postgres::Error) -> bool {
    error.code() == Some(&SqlState::UNIQUE_VIOLATION)
}

/// Whether a lock could not be had in time.
pub(super) fn is_locked(error: &tokio_postgres::Error) -> bool {
    error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE)
}

/// What the server said, without the values in question (they are in its `DETAIL`); the error's own text says only
/// that it said something.
pub(super) fn detail(error: &tokio_postgres::Error) -> String {
    match (error.as_db_error(), error.source()) {
        (Some(said), _) => said.message().to_owned(),
        (None, Some(cause)) => format!("{error}: {cause}"),
        (None, None) => error.to_string(),
    }
}
