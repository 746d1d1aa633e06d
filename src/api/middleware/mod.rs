//! What stands between a connection and a route.

pub(crate) mod auth;
pub(crate) mod budget;
pub(crate) mod deadline;
pub(crate) mod observe;
