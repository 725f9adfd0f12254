//! `cstack import`

use std::fmt::Write as _;
use std::path::PathBuf;

use jiff::Timestamp;
use model::tenant::TenantSlug;
use model::text::sanitize;
use ops::config::OutputFormat;
use ops::import::{Completeness, ImportOutcome, ImportRequest, ReadLimits, import};
use serde_json::json;

use super::{CliError, Context, Failure, Outcome};

/// Import export files and folders of a tenant
///
/// What a file holds is recognised from its content. An import is whole or nothing: on the first
/// bad file it stops, and the database is as it was.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The tenant's short name; a new one is registered
    #[arg(long, value_name = "NAME")]
    tenant: TenantSlug,

    /// Files and folders: JSON, JSON Lines or Graph collections, plain or gzip
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// This is a part of the tenant: retire nothing that is absent
    #[arg(long, conflicts_with = "complete")]
    partial: bool,

    /// This is all of every kind in it: retire what is absent
    #[arg(long)]
    complete: bool,

    /// Report everything that is refused, and import the rest
    #[arg(long)]
    keep_going: bool,

    /// Read and check only; leave the database alone
    #[arg(long)]
    dry_run: bool,

    /// When the export was made (2026-03-01T08:00:00Z); now, unless told
    #[arg(long, value_name = "TIME", value_parser = super::moment::moment)]
    taken_at: Option<Timestamp>,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Outcome, CliError> {
    let format = context.output().format_among(&[OutputFormat::Table, OutputFormat::Json])?;
    let store = ops::database::open(context.config(), context.paths());
    let now = context.now();
    let taken_at = args.taken_at.unwrap_or(now);
    if taken_at > now {
        return Err(CliError::usage(format!("--taken-at {taken_at} lies in the future")));
    }
    let request = ImportRequest {
        tenant: args.tenant.clone(),
        paths: args.paths.clone(),
        completeness: match (args.partial, args.complete) {
            (true, _) => Completeness::Partial,
            (_, true) => Completeness::Complete,
            _ => Completeness::Judged,
        },
        keep_going: args.keep_going,
        dry_run: args.dry_run,
        taken_at,
        limits: ReadLimits::default(),
    };
    let progress = context.progress();
    let outcome = import(&store, &request, now, &*progress, context.cancellation())?;
    if outcome.registered {
        context.remark(&format!("tenant {} is registered", args.tenant));
    }
    match format {
        OutputFormat::Json => context.output().write_json(&json!({
            "tenant": args.tenant,
            "dryRun": args.dry_run,
            "takenAt": taken_at,
            "outcome": outcome,
        }))?,
        _ => context.output().write(&told(&outcome, args.dry_run))?,
    }
    if outcome.refused.is_empty() {
        return Ok(Outcome::Done);
    }
    let rest = if args.dry_run { "the rest can be imported" } else { "the rest is imported" };
    let count = outcome.refused.len();
    Err(CliError::new(Failure::General, format!("{count} refused; {rest}")))
}

/// The outcome for people.
fn told(outcome: &ImportOutcome, dry_run: bool) -> String {
    let mut text = String::new();
    let heads: &[&str] =
        if dry_run { &["read"] } else { &["read", "added", "changed", "retired", "unchanged"] };
    let width = outcome.kinds.keys().map(|kind| kind.plural().len()).max().unwrap_or(0);
    let _ = write!(text, "{:<width$}", "");
    for head in heads {
        let _ = write!(text, "  {head:>9}");
    }
    text.push('\n');
    for (kind, did) in &outcome.kinds {
        let counts = did.counts.unwrap_or_default();
        let cells = [did.read, counts.added, counts.changed, counts.retired, counts.unchanged];
        let _ = write!(text, "{:<width$}", kind.plural());
        for (cell, _) in cells.iter().zip(heads) {
            let _ = write!(text, "  {cell:>9}");
        }
        text.push('\n');
    }
    for refused in &outcome.refused {
        let _ = writeln!(text, "refused: {}", sanitize(refused));
    }
    for note in &outcome.notes {
        let _ = writeln!(text, "note: {}", sanitize(note));
    }
    match (dry_run, &outcome.snapshot_id) {
        (true, _) => text.push_str("Nothing was written.\n"),
        (false, None) => text.push_str("Nothing has changed.\n"),
        (false, Some(id)) => {
            let _ = writeln!(text, "Snapshot {id}");
        }
    }
    text
}
