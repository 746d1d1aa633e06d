//! faceward: self-hosted, identity-aware deepfake verification.
//!
//! A face flows left to right and no module looks back: [`imaging`] → [`face`] → [`traits`] → [`identity`] →
//! [`verdict`]; [`inference`] serves the first three. Around them: [`service`] without HTTP, [`api`] with it, [`jobs`]
//! over many images, [`eval`] to measure how well all of it does, [`config`] for the server's settings.

pub mod api;
pub mod audit;
pub mod config;
pub mod eval;
pub mod face;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
pub mod identity;
pub mod imaging;
pub mod inference;
pub mod jobs;
pub mod service;
pub mod traits;
pub mod verdict;
