//! faceward: self-hosted, identity-aware deepfake verification.
//!
//! Each module uses only modules above it in this list; `docs/ARCHITECTURE.md` follows three requests through them.
//!
//! - [`error_code`], [`file_error`], [`toml_file`], [`parallel`], [`system`], [`telemetry`] and `unknown` are shared by
//!   all.
//! - `simd`, [`inference`], [`models`] run the networks.
//! - [`imaging`], [`face`], [`template`] turn encoded bytes into pixels, pixels into faces and a face into its
//!   template.
//! - [`identity`], [`verdict`] fit a person's profile and judge a face against it.
//! - [`vault`], [`access`], [`store`], [`audit`] keep templates, API keys, identities and the record.
//! - [`config`] holds the settings.
//! - [`service`] holds the use cases without HTTP.
//! - [`batch`] verifies many images, [`eval`] measures error rates and calibrates, [`backup`] copies a data folder.
//! - [`api`] serves the use cases over HTTP; the command line, in the binary, offers them on a terminal.

pub mod access;
pub mod api;
pub mod audit;
pub mod backup;
pub mod batch;
pub mod config;
pub mod error_code;
pub mod eval;
pub mod face;
pub mod file_error;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
pub mod identity;
pub mod imaging;
pub mod inference;
pub mod models;
pub mod parallel;
pub mod service;
pub(crate) mod simd;
pub mod store;
pub mod system;
pub mod telemetry;
pub mod template;
pub mod toml_file;
pub(crate) mod unknown;
pub mod vault;
pub mod verdict;
