//! What a request passes on its way to a route: metrics, the deadline, the memory budget for bodies, authentication.

pub(super) mod auth;
pub(super) mod budget;
pub(super) mod deadline;
pub(super) mod observe;
