//! Encryption at rest.
//!
//! Keys have two levels. Each identity has its own data key, which seals its templates; the master key, which is not in
//! the database, wraps the data keys. So deleting an identity destroys the only key to its templates, and a new master
//! key leaves the sealed templates as they are. The cipher is XChaCha20-Poly1305: its nonces are long enough to be
//! random, and it is fast and constant in time without hardware support.

mod seal;
mod source;

pub use seal::{DataKey, MasterId, MasterKey, SealError};
pub(crate) use source::settle;
pub use source::{MasterKeyError, MasterKeySource, rotate_file};
