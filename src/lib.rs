//! The front ends of cstack. They hold no domain logic: what they do is in `ops`.

pub mod cli;
