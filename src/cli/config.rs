//! `cstack config`

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use ops::config::{OutputFormat, Setting, check_file, schema, template};
use serde_json::{Map, Value, json};

use super::{CliError, Context, Outcome};

/// Show, check and describe the configuration
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print the settings in force
    Show {
        /// Say for each where it was set
        #[arg(long)]
        origin: bool,
    },
    /// Check a configuration file, or everything that is in force
    Validate {
        /// The file; without one, all files, variables and flags together
        file: Option<PathBuf>,
    },
    /// Print the JSON Schema of a configuration file
    Schema,
    /// Print a commented template to start from
    Init,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Outcome, CliError> {
    match &args.action {
        Action::Show { origin } => show(context, *origin)?,
        Action::Validate { file } => validate(context, file.as_deref())?,
        Action::Schema => context.output().write_json(&schema())?,
        Action::Init => context.output().write(&template())?,
    }
    Ok(Outcome::Done)
}

fn show(context: &Context, origin: bool) -> Result<(), CliError> {
    let loaded = context.reload()?;
    let format = context.output().format_among(&[OutputFormat::Table, OutputFormat::Json])?;
    let settings = loaded.settings();
    match (format, origin) {
        (OutputFormat::Json, true) => {
            let entries: Vec<_> = settings
                .iter()
                .map(|setting| {
                    json!({
                        "key": setting.place.join("."),
                        "value": setting.value,
                        "origin": setting.origin.to_string(),
                    })
                })
                .collect();
            context.output().write_json(&entries)
        }
        (OutputFormat::Json, false) => context.output().write_json(&nested(&settings)),
        _ => context.output().write(&as_toml(&settings, origin)),
    }
}

/// The settings as the tree they form.
fn nested(settings: &[Setting]) -> Map<String, Value> {
    let mut root = Map::new();
    for setting in settings {
        put(&mut root, &setting.place, &setting.value);
    }
    root
}

fn put(table: &mut Map<String, Value>, place: &[String], value: &Value) {
    match place {
        [] => {}
        [name] => {
            table.insert(name.clone(), value.clone());
        }
        [section, rest @ ..] => {
            if let Value::Object(inner) = table.entry(section).or_insert_with(|| json!({})) {
                put(inner, rest, value);
            }
        }
    }
}

/// The settings as a configuration file that says the same.
fn as_toml(settings: &[Setting], origin: bool) -> String {
    let mut settings: Vec<_> =
        settings.iter().map(|setting| (setting.section(), setting)).collect();
    settings.sort_by(|one, other| one.0.cmp(&other.0));
    let width = settings.iter().map(|(_, setting)| setting.line().chars().count()).max();
    // One long list must not push every remark off the screen.
    let width = width.unwrap_or_default().min(56);
    let mut text = String::new();
    let mut current = None;
    for (section, setting) in &settings {
        if current != Some(section) {
            if current.is_some() {
                text.push('\n');
            }
            let _ = writeln!(text, "[{section}]");
            current = Some(section);
        }
        let line = setting.line();
        if origin {
            let _ = writeln!(text, "{line:<width$}  # {}", setting.origin);
        } else {
            text.push_str(&line);
            text.push('\n');
        }
    }
    text
}

fn validate(context: &Context, file: Option<&Path>) -> Result<(), CliError> {
    if let Some(file) = file {
        check_file(file)?;
        return context.output().write(&format!("{}: valid\n", file.display()));
    }
    let files = context.reload()?.files;
    super::rules::catalogue(context)?;
    if files.is_empty() {
        return context.output().write("no configuration file; defaults are in force\n");
    }
    context.output().write_with(|sink| {
        files.iter().try_for_each(|file| writeln!(sink, "{}: valid", file.display()))
    })
}
