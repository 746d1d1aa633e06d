//! The parser of `--store` and its variable: a refusal does not repeat the value, which may hold a password.

use std::ffi::OsStr;

use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Arg, Command};

use crate::store::{StoreChoice, StoreChoiceError};

/// Takes what [`StoreChoice`] takes.
#[derive(Clone, Copy, Debug)]
pub struct StoreParser;

impl TypedValueParser for StoreParser {
    type Value = StoreChoice;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<StoreChoice, clap::Error> {
        let parsed = value.to_str().ok_or(StoreChoiceError::Form).and_then(str::parse);
        parsed.map_err(|e| {
            let arg = arg.map_or_else(String::new, ToString::to_string);
            clap::Error::raw(ErrorKind::ValueValidation, format!("invalid value for '{arg}': {e}\n")).with_cmd(command)
        })
    }
}
