//! What a request passes on its way to a route: metrics, the deadline, the memory budget for bodies, content codings,
//! authentication, the names in its query.

pub(super) mod auth;
pub(super) mod budget;
pub(super) mod coding;
pub(super) mod deadline;
pub(super) mod observe;
pub(super) mod query;
pub(super) mod version;
