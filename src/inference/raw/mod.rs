//! All that the compiler cannot check in this crate: vector instructions, and memory that is not filled before it is
//! written.
//!
//! Nothing outside this module is unsafe. [`lanes`] offers the processor's vectors behind slices whose lengths are
//! checked; [`unfilled`] a tensor whose values are about to be written.
#![allow(unsafe_code, reason = "this is the one module in which it is; each use says why it is sound")]
#![allow(clippy::inline_always, reason = "only what is inlined into a kernel is compiled for wide vectors")]

mod lanes;
mod plain;
mod unfilled;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(crate) use lanes::{Kernel, Lanes, Part, dispatch};
#[cfg(test)]
pub(super) use lanes::{Kind, run_on};
pub(super) use unfilled::unfilled;
