//! The client against a tracking server that is played.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what it expects by failing")]

mod mirror;
mod played;
mod requests;
