//! `cstack db`

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use ops::config::OutputFormat;
use ops::database::{ExportFormat, open};
use serde_json::json;

use super::{CliError, Context, Failure, Outcome};

/// Look after the database: size, soundness, copies, compaction, export
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Say what is in the database
    Info,
    /// Check whether it is sound; ends with code 1 where it is not
    Check,
    /// Copy it to a file, while others work
    Backup {
        /// The file; without one, a dated file in `backups` beside the database
        file: Option<PathBuf>,
    },
    /// Give disk space back
    Vacuum,
    /// Write every table to a file of its own
    Export {
        /// The folder
        folder: PathBuf,
        /// Parquet or CSV
        #[arg(long = "as", value_name = "KIND", default_value = "parquet")]
        kind: KindFlag,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum KindFlag {
    /// Apache Parquet
    Parquet,
    /// CSV with a header, cells as they are stored
    Csv,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Outcome, CliError> {
    let store = open(context.config(), context.paths());
    let format = context.output().format_among(&[OutputFormat::Table, OutputFormat::Json])?;
    let json = format == OutputFormat::Json;
    match &args.action {
        Action::Info => {
            let info = store.info()?;
            if json {
                context.output().write_json(&info)?;
            } else {
                let mut text = format!(
                    "file       {}\nsize       {} bytes, log {} bytes\nschema     {} (this program: {})\nrevision   {}\nDuckDB     {}\n",
                    info.path.display(),
                    info.bytes,
                    info.log_bytes,
                    info.schema,
                    info.known_schema,
                    info.revision,
                    info.duckdb,
                );
                for table in &info.tables {
                    text += &format!("{:>12} rows of {}\n", table.rows, table.table);
                }
                context.output().write(&text)?;
            }
            if let Some(warning) = &info.warning {
                context.remark(&format!("warning: {warning}"));
            }
        }
        Action::Check => {
            let check = store.check()?;
            if json {
                context.output().write_json(&check)?;
            } else {
                let mut text = format!("looked at: {}\n", check.looked_at.join(", "));
                for trouble in &check.troubles {
                    text += &format!("{}; {}\n", trouble.what, trouble.remedy);
                }
                for note in &check.notes {
                    text += &format!("note: {note}\n");
                }
                if check.troubles.is_empty() {
                    text += "the database is sound\n";
                }
                context.output().write(&model::text::sanitize_lines(&text))?;
            }
            match check.troubles.len() {
                0 => {}
                1 => return Err(unsound("one thing is")),
                more => return Err(unsound(&format!("{more} things are"))),
            }
        }
        Action::Backup { file } => {
            let file = match file {
                Some(file) => file.clone(),
                None => ops::database::backup_name(&store, context.now())?,
            };
            store.backup(&file)?;
            if json {
                context.output().write_json(&json!({ "file": file }))?;
            } else {
                context.output().write(&format!("{}\n", file.display()))?;
            }
        }
        Action::Vacuum => {
            let (before, after) = store.vacuum()?;
            if json {
                let sizes = json!({ "bytesBefore": before, "bytes": after });
                context.output().write_json(&sizes)?;
            } else {
                context.output().write(&format!("{before} bytes before, {after} bytes now\n"))?;
            }
        }
        Action::Export { folder, kind } => {
            let kind = match kind {
                KindFlag::Parquet => ExportFormat::Parquet,
                KindFlag::Csv => ExportFormat::Csv,
            };
            let files = store.export(kind, folder)?;
            if json {
                context.output().write_json(&json!({ "files": files }))?;
            } else {
                let lines = files.iter().map(|file| format!("{}\n", file.display()));
                context.output().write(&lines.collect::<String>())?;
            }
        }
    }
    Ok(Outcome::Done)
}

fn unsound(what: &str) -> CliError {
    CliError::new(Failure::General, format!("{what} wrong with the database"))
}
