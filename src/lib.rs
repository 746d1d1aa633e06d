//! faceward: self-hosted, identity-aware deepfake verification.
//!
//! A face flows left to right and no module looks back: [`imaging`] → [`face`] → [`traits`] → [`identity`] →
//! `verdict`; `inference` serves the first three.

pub mod api;
pub mod face;
pub mod identity;
pub mod imaging;
pub mod inference;
pub mod jobs;
pub mod service;
pub mod traits;
pub mod verdict;
