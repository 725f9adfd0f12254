//! `cstack paths`

use ops::config::OutputFormat;

use super::{CliError, Context, Outcome};

/// Print where configuration, data, caches and logs are kept
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(context: &Context, _: &Args) -> Result<Outcome, CliError> {
    let output = context.output();
    let format = output.format_among(&[OutputFormat::Table, OutputFormat::Json])?;
    if format == OutputFormat::Json {
        output.write_json(context.paths())?;
        return Ok(Outcome::Done);
    }
    let named = context.paths().named();
    let width = named.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    output.write_with(|sink| {
        named
            .iter()
            .try_for_each(|(name, path)| writeln!(sink, "{name:<width$}  {}", path.display()))
    })?;
    Ok(Outcome::Done)
}
