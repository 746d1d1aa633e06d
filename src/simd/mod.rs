//! All that the compiler cannot check in this crate: vector instructions, and memory that is not filled before it is
//! written.
//!
//! Nothing outside this module is unsafe. [`lanes`] offers the processor's vectors behind slices whose lengths are
//! checked; [`unfilled`] a tensor whose values are about to be written.
#![allow(unsafe_code, reason = "this is the one module in which it is; each use says why it is sound")]
#![allow(clippy::inline_always, reason = "only what is inlined into a kernel is compiled for wide vectors")]

mod dispatch;
mod lanes;
mod plain;
mod products;
mod unfilled;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(crate) use dispatch::dispatch;
#[cfg(test)]
pub(crate) use dispatch::{Kind, run_on};
pub(crate) use lanes::{Kernel, Lanes, Part};
pub(crate) use products::products;
pub(crate) use unfilled::unfilled;
