//! TOML files: how one is read, and the one error for a file that cannot be used.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::file_error::FileError;

/// A TOML file that cannot be used. Whoever asked for the file adds what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum TomlFileError {
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] FileError),
    /// The file is not TOML, or not of the expected form.
    #[error("{}: {detail}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Line, column and reason; the reason alone where the file as a whole is wrong.
        detail: String,
    },
}

impl TomlFileError {
    /// Whether there is no such file.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Read(e) if e.is_missing())
    }
}

/// Parses TOML text.
///
/// # Errors
/// Line, column and reason in one line: ``line 2, column 1: unknown field `treads`, expected …``.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    toml::from_str(text).map_err(|e| {
        let before = e.span().and_then(|span| text.get(..span.start));
        before.map_or_else(
            || e.message().to_owned(),
            |before| {
                let line = before.matches('\n').count() + 1;
                let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
                format!("line {line}, column {column}: {}", e.message())
            },
        )
    })
}

/// Reads the file at `path` with `parse`: [`parse`](parse()), or a function that also checks the values.
///
/// # Errors
/// [`TomlFileError::Read`], or [`TomlFileError::Invalid`] with the error of `parse`.
pub fn read<T>(path: &Path, parse: impl FnOnce(&str) -> Result<T, String>) -> Result<T, TomlFileError> {
    let bytes = std::fs::read(path).map_err(FileError::read(path))?;
    from_bytes(path, &bytes, parse)
}

/// Parses the bytes of the file at `path`, see [`read`].
///
/// # Errors
/// [`TomlFileError::Invalid`].
pub fn from_bytes<T>(
    path: &Path,
    bytes: &[u8],
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, TomlFileError> {
    let text = std::str::from_utf8(bytes).map_err(|e| e.to_string());
    text.and_then(parse).map_err(|detail| TomlFileError::Invalid { path: path.into(), detail })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sides {
        sides: Vec<u32>,
    }

    #[test]
    fn an_error_names_line_column_and_reason() {
        assert_eq!(parse::<Sides>("sides = [1, 2]"), Ok(Sides { sides: vec![1, 2] }));
        let e = parse::<Sides>("sides = [1]\nside = 2\n").unwrap_err();
        assert!(e.starts_with("line 2, column 1: unknown field `side`"), "{e}");
        let e = parse::<Sides>("# é\nsides = [1, \"é\", é]").unwrap_err();
        assert!(e.starts_with("line 2, column 18: "), "{e}");
        assert!(parse::<Sides>("").unwrap_err().contains("missing field `sides`"));
    }

    #[test]
    fn an_error_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.toml");
        let missing = read(&path, parse::<Sides>).unwrap_err();
        assert!(missing.is_missing() && missing.to_string().contains("a.toml`: there is no such file"), "{missing}");
        std::fs::write(&path, [0xff]).unwrap();
        let binary = read(&path, parse::<Sides>).unwrap_err();
        assert!(!binary.is_missing() && binary.to_string().contains("a.toml: invalid utf-8"), "{binary}");
        let refused = from_bytes(&path, b"", |_| Err::<(), _>("too few sides".into())).unwrap_err();
        assert!(refused.to_string().ends_with("a.toml: too few sides"), "{refused}");
    }
}
