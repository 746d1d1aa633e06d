//! Encryption of what is kept of a person.
//!
//! Two levels. Each identity has a data key of its own, which seals its templates; the master key, which is not kept in
//! the database, wraps the data keys. So deleting an identity destroys the one key that opens its templates, and a new
//! master key needs no template to be sealed anew. The cipher is XChaCha20-Poly1305: its nonces are long
//! enough to be drawn at random for ever, and it needs no hardware to be fast and constant in time.

mod seal;
mod source;

pub use seal::{DataKey, MasterId, MasterKey, SealError};
pub(crate) use source::settle;
pub use source::{MasterKeyError, MasterKeySource, rotate_file};
