//! `cstack registers`

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use ops::config::OutputFormat;
use ops::registers::file;

use super::{CliError, Context, Explain as _, Outcome};

/// Carry tenants, emergency accounts and exceptions from machine to machine
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Write the registers as TOML, all tenants but the demonstration's
    Export {
        /// The file, which appears only once it is whole; `-` for standard output
        #[arg(default_value = "-")]
        file: PathBuf,
    },
    /// Take registers in: adds and changes what the file has, removes nothing
    Import {
        /// The file; `-` for standard input
        file: PathBuf,
    },
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Outcome, CliError> {
    let store = ops::database::open(context.config(), context.paths());
    match &args.action {
        Action::Export { file } => {
            let text = file::export(&store)?;
            let mut output = context.output().clone();
            if file != Path::new("-") {
                output.file = Some(file.clone());
            }
            output.write(&text)?;
        }
        Action::Import { file } => {
            let format =
                context.output().format_among(&[OutputFormat::Table, OutputFormat::Json])?;
            let checked = file::check(file, &read(file)?)?;
            let now = ops::tenants::clock(&store, context.now())?;
            let imported = file::import(&store, &checked, &context.actor(), now)?;
            if format == OutputFormat::Json {
                context.output().write_json(&imported)?;
            } else {
                context.output().write(&format!(
                    "{} added, {} changed, {} as before\n",
                    imported.added, imported.changed, imported.unchanged
                ))?;
            }
        }
    }
    Ok(Outcome::Done)
}

fn read(file: &Path) -> Result<String, CliError> {
    if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).explain("cannot read standard input")?;
        return Ok(text);
    }
    std::fs::read_to_string(file).explain(format!("cannot read {}", file.display()))
}
