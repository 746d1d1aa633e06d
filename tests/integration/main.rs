//! The real program and the real server from outside: a module per route or concern.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may stop on the spot")]

mod audit;
mod backup;
mod batch;
mod cases;
mod cli;
mod copies;
mod covered;
mod deploy;
mod doctor;
mod eval;
mod folders;
mod golden;
mod http;
mod images;
mod keys;
mod limits;
mod metrics;
mod models;
mod networks;
mod openapi;
mod pictures;
mod replicas;
mod requests;
mod search;
mod settings;
mod sizes;
mod strict;
mod support;
mod targets;
mod telemetry;
