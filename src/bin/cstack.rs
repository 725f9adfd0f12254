//! The command line.

use std::process::ExitCode;

/// Audits allocate many short texts: a fifth of a fleet's audit is spent in the C library's
/// allocator, and half of that in this one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cstack::cli::main()
}
