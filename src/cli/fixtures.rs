//! `cstack fixtures`: other names for `cstack demo`.

use clap::Subcommand;

use super::{CliError, Context, Outcome, demo};

/// Load or remove the demonstration; the same as `cstack demo`
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Load the demonstration tenants, audit them and show the fleet
    LoadAll,
    /// Take the demonstration out again, with its findings
    RemoveAll,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Outcome, CliError> {
    match args.action {
        Action::LoadAll => demo::load(context, true),
        Action::RemoveAll => demo::remove(context),
    }
}
