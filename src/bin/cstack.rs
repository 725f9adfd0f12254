//! The command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    cstack::cli::main()
}
