//! `cstack completions`

use clap_complete::Shell;

use super::{CliError, Context, Outcome};

/// Print completions for a shell
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Outcome, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "cstack", &mut script);
    context.output().write_with(|sink| sink.write_all(&script))?;
    Ok(Outcome::Done)
}
