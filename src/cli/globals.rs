//! Flags that every command takes.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use ops::config::Override;

use super::error::CliError;

/// Flags that every command takes.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
pub struct Globals {
    /// Use this configuration file in the place of the user's
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Lay this profile of the configuration over the rest
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,

    /// Keep the database in this folder
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// Write results in this format
    #[arg(long, global = true, value_name = "FORMAT")]
    pub format: Option<FormatFlag>,

    /// Write results to this file, which appears only once it is whole
    #[arg(short, long, global = true, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Say nothing but results and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,

    /// When to colour
    #[arg(long, global = true, value_name = "WHEN")]
    pub color: Option<ColourFlag>,

    /// Never colour
    #[arg(long, global = true, conflicts_with = "color")]
    pub no_color: bool,

    /// Log from this level on
    #[arg(long, global = true, value_name = "LEVEL")]
    pub log_level: Option<LevelFlag>,

    /// Log as text or as JSON, one object a line
    #[arg(long, global = true, value_name = "FORMAT")]
    pub log_format: Option<LogFormatFlag>,

    /// Append the log to this file instead of standard error
    #[arg(long, global = true, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
}

/// `--format`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FormatFlag {
    /// For people at a terminal
    Table,
    /// For programs
    Json,
    /// For spreadsheets
    Csv,
    /// Markdown, for tickets
    Md,
    /// JSON, one object a line
    Ndjson,
    /// SARIF 2.1.0 (audits only)
    Sarif,
}

/// `--color`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColourFlag {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// `--log-level`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LevelFlag {
    /// Nothing
    Off,
    /// What went wrong
    Error,
    /// What looks wrong
    Warn,
    /// What happens
    Info,
    /// Why it happens
    Debug,
    /// Each step
    Trace,
}

/// `--log-format`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormatFlag {
    /// For people
    Text,
    /// For machines
    Json,
}

impl Globals {
    /// The settings among the flags, as the strongest layer of the configuration.
    pub(super) fn overrides(&self) -> Result<Vec<Override>, CliError> {
        let mut overrides = Vec::new();
        let mut set = |place, flag, value: Option<String>| {
            if let Some(value) = value {
                overrides.push(Override { place, value, flag });
            }
        };
        set(["output", "format"], "--format", word(self.format));
        set(["output", "color"], "--color", word(self.color));
        set(["output", "color"], "--no-color", self.no_color.then(|| "never".to_owned()));
        // `--quiet` lowers the level before an explicit level sets it.
        set(["log", "level"], "--quiet", self.quiet.then(|| "error".to_owned()));
        set(["log", "level"], "--log-level", word(self.log_level));
        set(["log", "format"], "--log-format", word(self.log_format));
        set(["log", "file"], "--log-file", self.log_file.as_deref().map(text).transpose()?);
        if let Some(folder) = &self.data_dir {
            let database = std::path::absolute(folder)?.join("cstack.duckdb");
            set(["store", "path"], "--data-dir", Some(text(&database)?));
        }
        Ok(overrides)
    }
}

fn word(flag: Option<impl ValueEnum>) -> Option<String> {
    Some(flag?.to_possible_value()?.get_name().to_owned())
}

fn text(path: &Path) -> Result<String, CliError> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        CliError::usage("a path on the command line is not Unicode").at(path.display())
    })
}
