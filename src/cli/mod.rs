//! The command line: flags onto `ops`, results onto standard output, errors onto exit codes.
//!
//! A subcommand is a file here, `name.rs`, with a `clap::Args` type called `Args`, whose
//! documentation becomes its help, and
//!
//! ```ignore
//! pub(super) fn run(context: &Context, args: &Args) -> Result<Outcome, CliError>
//! ```
//!
//! To add one, write the file, and below add `mod name;` and a line to `subcommands!`; then
//! `cargo xtask docs` brings docs/CLI.md up to date. `?` works on any error: [`CliError`] tells
//! the exit code from the errors in its chain.

mod anomaly;
mod audit;
mod completions;
mod config;
mod context;
mod coverage;
mod db;
mod demo;
mod docs_markdown;
mod error;
mod exception;
mod exit;
mod findings;
mod fixtures;
mod globals;
mod import;
mod moment;
mod output;
mod paths;
mod progress;
mod prompt;
mod registers;
mod remark;
mod rendering;
mod rules;
mod run;
mod signals;
mod signins;
mod tenant;
mod whatif;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};
use ops::Cancellation;
use ops::config::Environment;

pub use context::Context;
pub use error::{CliError, Explain, Failure};
pub use exit::Outcome;
pub use globals::Globals;
pub use output::Output;

/// Declares the subcommands: `name in module` for each, in the order of the help.
macro_rules! subcommands {
    ($($(#[$attribute:meta])* $Variant:ident in $module:ident,)+) => {
        #[derive(Debug, Subcommand)]
        enum Command {
            $($(#[$attribute])* $Variant($module::Args),)+
        }

        fn dispatch(context: &Context, command: &Command) -> Result<Outcome, CliError> {
            match command {
                $(Command::$Variant(args) => $module::run(context, args),)+
            }
        }
    };
}

subcommands! {
    Import in import,
    Run in run,
    Audit in audit,
    Coverage in coverage,
    #[command(name = "whatif")]
    WhatIf in whatif,
    Rules in rules,
    Tenant in tenant,
    Findings in findings,
    #[command(name = "signins")]
    SignIns in signins,
    Anomaly in anomaly,
    Exception in exception,
    Registers in registers,
    Demo in demo,
    Db in db,
    #[command(hide = true)]
    Fixtures in fixtures,
    Config in config,
    Paths in paths,
    Completions in completions,
    #[command(hide = true)]
    DocsMarkdown in docs_markdown,
}

impl Command {
    /// Whether the command must work beside a broken configuration: it mends or does not need it.
    fn works_unconfigured(&self) -> bool {
        matches!(self, Self::Config(_) | Self::Completions(_) | Self::DocsMarkdown(_))
    }
}

/// Audits fleets of Microsoft 365 tenants and shows what their policies really do
#[derive(Debug, Parser)]
#[command(
    name = "cstack",
    version,
    max_term_width = 100,
    after_long_help = exit::explanation(),
    disable_help_subcommand = true
)]
struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

/// The whole command line as clap knows it: for completions and documentation.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs with this process's arguments and environment.
pub fn main() -> ExitCode {
    // Whatever is made, DuckDB's log and half-made files included, names people: nobody else's
    // business, even if the process is killed before modes are set.
    #[cfg(unix)]
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
    run(std::env::args_os(), Environment::of_process())
}

fn run(arguments: impl Iterator<Item = OsString>, environment: Environment) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(usage) => {
            // A reader that has gone away wants no more help.
            let _ = usage.print();
            return exit::code_of_usage(&usage);
        }
    };
    match execute(cli, environment) {
        Ok(outcome) => outcome.into(),
        Err(error) => error.report(),
    }
}

fn execute(cli: Cli, environment: Environment) -> Result<Outcome, CliError> {
    let cancellation = Cancellation::new();
    signals::watch(&cancellation)?;
    let lenient = cli.command.works_unconfigured();
    let context = Context::open(cli.globals, environment, cancellation, lenient)?;
    let outcome = dispatch(&context, &cli.command)?;
    if let Err(stopped) = context.cancellation().check() {
        // What is done is done, and the exit code says so.
        context.remark(&format!("{stopped}, but the work was done before"));
    }
    Ok(outcome)
}
