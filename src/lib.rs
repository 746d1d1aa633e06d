//! faceward: self-hosted, identity-aware deepfake verification.
//!
//! A face flows down this list and no module looks back up it: [`imaging`] → [`face`] → [`template`] → [`identity`] →
//! [`verdict`]. `simd`, [`inference`] and [`models`] run the networks for the first three. [`vault`], [`access`],
//! [`store`] and [`audit`] keep what has to be kept. [`service`] holds the use cases without HTTP, [`api`] serves them;
//! [`batch`] verifies many images, [`backup`] copies a data folder, [`eval`] measures how well all of it works.
//! [`config`] holds the settings. [`toml_file`] and [`parallel`] are helpers for any of them.

pub mod access;
pub mod api;
pub mod audit;
pub mod backup;
pub mod batch;
pub mod config;
pub mod eval;
pub mod face;
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
pub mod template;
pub mod toml_file;
pub mod vault;
pub mod verdict;
