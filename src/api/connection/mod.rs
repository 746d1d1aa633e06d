//! From a socket to requests: accepting, TLS, limits per address, and the end in order.

pub(crate) mod addresses;
pub(crate) mod linger;
pub(crate) mod listener;
pub(crate) mod signals;
pub(crate) mod tls;
