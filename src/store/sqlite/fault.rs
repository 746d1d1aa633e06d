//! Errors of `SQLite` as errors that a person can act on, and the stored text of times and kinds.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::ErrorCode;

use crate::identity::SampleKind;
use crate::store::StoreError;

/// Why a query failed, before the file's name is added.
#[derive(Debug)]
pub(super) enum Fault {
    Sql(rusqlite::Error),
    Store(StoreError),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Fault {
    /// The error for a caller; `path` is the database file.
    pub(super) fn at(self, path: &Path) -> StoreError {
        let error = match self {
            Self::Store(error) => return error,
            Self::Sql(error) => error,
        };
        let (path, detail) = (path.to_path_buf(), error.to_string());
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt) => StoreError::Corrupted { path, detail },
            Some(ErrorCode::NotADatabase) => StoreError::NotAStore { path, detail },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy { path },
            Some(
                ErrorCode::DiskFull
                | ErrorCode::ReadOnly
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::PermissionDenied,
            ) => StoreError::Unwritable { path, detail },
            _ => StoreError::Backend(Box::new(error)),
        }
    }
}

/// Whether a row is refused because its id is taken.
pub(super) fn is_duplicate(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|e| e.extended_code);
    matches!(code, Some(rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY))
}

/// The error for a row whose content is damaged.
pub(super) fn unreadable(what: impl Into<String>, detail: &impl ToString) -> StoreError {
    StoreError::UnreadableRecord { what: what.into(), detail: detail.to_string() }
}

/// The stored form of a time: exact, and sorted as text.
pub(super) fn time_text(time: Timestamp) -> String {
    format!("{time:.9}")
}

/// The time that [`time_text`] wrote; `what` names the row in the error.
pub(super) fn time(text: &str, what: impl Fn() -> String) -> Result<Timestamp, StoreError> {
    text.parse().map_err(|error| unreadable(what(), &error))
}

/// [`time`] of a column that may be empty.
pub(super) fn optional_time(text: Option<&str>, what: impl Fn() -> String) -> Result<Option<Timestamp>, StoreError> {
    text.map(|text| time(text, what)).transpose()
}

/// The kind of sample whose name is stored (the schema's CHECK knows the same names); `what` names the row in the
/// error.
pub(super) fn kind_of(text: &str, what: impl Fn() -> String) -> Result<SampleKind, StoreError> {
    let found = SampleKind::ALL.into_iter().find(|kind| kind.name() == text);
    found.ok_or_else(|| unreadable(what(), &format!("{text:?} is not a kind of sample")))
}
