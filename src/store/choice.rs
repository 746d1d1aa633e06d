//! Where a store is, as an operator says it.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use super::postgres::{PostgresUrl, PostgresUrlError};

/// The store to open: `sqlite:` for the data folder, or the URL of a `PostgreSQL` database.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub enum StoreChoice {
    /// The file in the data folder.
    #[default]
    DataFolder,
    /// A database that several processes share.
    Postgres(Box<PostgresUrl>),
}

impl StoreChoice {
    const DATA_FOLDER: &'static str = "sqlite:";
}

/// The text names no store.
#[derive(Debug, thiserror::Error)]
pub enum StoreChoiceError {
    /// It is neither of the two forms.
    #[error("give `sqlite:` for the data folder, or `postgres://USER@HOST:PORT/DATABASE`")]
    Form,
    /// It is a URL that cannot be used.
    #[error(transparent)]
    Url(#[from] PostgresUrlError),
}

impl FromStr for StoreChoice {
    type Err = StoreChoiceError;

    fn from_str(text: &str) -> Result<Self, StoreChoiceError> {
        if text == Self::DATA_FOLDER {
            return Ok(Self::DataFolder);
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(Box::new(text.parse()?)));
        }
        Err(StoreChoiceError::Form)
    }
}

impl TryFrom<String> for StoreChoice {
    type Error = StoreChoiceError;

    fn try_from(text: String) -> Result<Self, StoreChoiceError> {
        text.parse()
    }
}

/// Without a password.
impl fmt::Display for StoreChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DataFolder => f.write_str(Self::DATA_FOLDER),
            Self::Postgres(url) => url.fmt(f),
        }
    }
}
