//! The versions that answer a request.

use serde::Serialize;
use utoipa::ToSchema;

/// What answered.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Versions {
    /// The service.
    pub faceward: String,
    /// One value that changes when any model file does.
    pub models: String,
    /// The inference engine.
    pub engine: String,
}
