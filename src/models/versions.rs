//! The versions that answer a request.

use serde::Serialize;
use utoipa::ToSchema;

/// The versions behind an answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Versions {
    /// The version of faceward.
    pub faceward: String,
    /// One value that changes when any model file does.
    pub models: String,
    /// The inference engine with its version.
    pub engine: String,
}
