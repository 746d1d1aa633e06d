//! The crate's only unsafe code but for the calls of the AV1 decoder (`imaging/av1/decoder.rs`): vector instructions, and
//! memory that is allocated without being filled.
//!
//! [`Lanes`] offers the processor's vectors over slices whose lengths are checked, [`dispatch`] picks the instruction
//! set at run time, and [`unfilled`] allocates a tensor that an operator is about to write. `docs/speed.md` says
//! why the vectors are not those of a crate.
#![allow(unsafe_code, reason = "only this module and imaging/av1/decoder.rs may; each use states why it is sound")]
#![allow(clippy::inline_always, reason = "only code that is inlined into a kernel is compiled for wide vectors")]

mod dispatch;
mod lanes;
mod plain;
mod products;
mod unfilled;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(crate) use dispatch::dispatch;
#[cfg(test)]
pub(crate) use dispatch::{InstructionSet, run_on};
pub(crate) use lanes::{Kernel, Lanes, RowMask};
pub(crate) use products::products;
pub(crate) use unfilled::unfilled;
