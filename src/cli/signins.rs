//! `cstack signins`

use std::path::PathBuf;

use clap::Subcommand;
use model::tenant::TenantSlug;
use model::text::sanitize;
use ops::config::OutputFormat;
use ops::sign_ins::{SignInImport, SignInImportOutcome};
use report::SignInDetail;
use serde_json::json;

use super::rendering::{envelope, format, style};
use super::{CliError, Context, Failure, Outcome};

/// Import, count and show sign-ins
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Import sign-in logs: Graph, Event Hub, Log Analytics or Unified Audit Log, JSON or CSV
    ///
    /// What a record is is recognised from its content, and a record that is there already is left
    /// out. An import is whole or nothing; one that was stopped goes on when the same files are
    /// imported again.
    Import {
        /// The tenant's short name; a new one is registered
        #[arg(short, long, value_name = "NAME")]
        tenant: TenantSlug,
        /// Files and folders, plain or gzip
        #[arg(required_unless_present = "scenario", value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// Draw a scenario of the demonstration instead: baseline, replay-attacks, noisy, ...
        #[arg(long, value_name = "NAME", conflicts_with = "paths")]
        scenario: Option<String>,
        /// Report everything that is refused, and import the rest
        #[arg(long)]
        keep_going: bool,
        /// Read and check only; leave the database alone
        #[arg(long)]
        dry_run: bool,
    },
    /// Draw a scenario's sign-ins for a tenant of the demonstration
    Extract {
        /// The tenant
        #[arg(short, long, value_name = "NAME")]
        tenant: TenantSlug,
        /// The scenario: baseline, quiet, noisy, replay-attacks, low-and-slow
        #[arg(long, value_name = "NAME")]
        scenario: String,
    },
    /// What sign-ins a tenant has, and how much they tell
    Stats {
        /// The tenant
        #[arg(short, long, value_name = "NAME")]
        tenant: TenantSlug,
    },
    /// One sign-in in full, with the record that it was read from
    Show {
        /// Its id
        id: String,
        /// The tenant
        #[arg(short, long, value_name = "NAME")]
        tenant: TenantSlug,
    },
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Outcome, CliError> {
    let store = ops::database::open(context.config(), context.paths());
    let (envelope, format, style) = (envelope(context), format(context), style(context));
    let text = match &args.action {
        Action::Import { tenant, scenario: Some(scenario), .. }
        | Action::Extract { tenant, scenario } => {
            return extract(context, &store, tenant, scenario);
        }
        Action::Import { tenant, paths, keep_going, dry_run, scenario: None } => {
            let request = SignInImport {
                tenant: tenant.clone(),
                paths: paths.clone(),
                keep_going: *keep_going,
                dry_run: *dry_run,
                signins: &context.config().signins,
                geoip: &context.config().geoip,
            };
            return import(context, &store, &request);
        }
        Action::Stats { tenant } => {
            let stats = ops::sign_ins::stats(&store, tenant)?;
            report::sign_in_stats(tenant, &stats, &envelope, format, &style)?
        }
        Action::Show { id, tenant } => {
            let found = ops::sign_ins::one(&store, tenant, id)?;
            let detail = SignInDetail {
                tenant,
                sign_in: &found.sign_in,
                raw: found.raw.as_deref(),
                imported_at: found.imported_at,
                origin: &found.origin,
            };
            report::sign_in(&detail, &envelope, format, &style)?
        }
    };
    context.output().write(&text)?;
    Ok(Outcome::Done)
}

fn import(
    context: &Context,
    store: &ops::Store,
    request: &SignInImport<'_>,
) -> Result<Outcome, CliError> {
    let output = context.output();
    let format = output.format_among(&[OutputFormat::Table, OutputFormat::Json])?;
    let progress = context.progress();
    let cancellation = context.cancellation();
    let outcome =
        ops::sign_ins::import(store, request, context.now(), progress.as_ref(), cancellation)?;
    drop(progress);
    if outcome.registered {
        context.remark(&format!("tenant {} is registered", request.tenant));
    }
    match format {
        OutputFormat::Json => output.write_json(&json!({
            "tenant": request.tenant,
            "dryRun": request.dry_run,
            "outcome": outcome,
        }))?,
        _ => output.write(&told(&outcome))?,
    }
    if outcome.refusals == 0 {
        return Ok(Outcome::Done);
    }
    let rest = if request.dry_run { "the rest can be imported" } else { "the rest is imported" };
    Err(CliError::new(Failure::General, format!("{} refused; {rest}", outcome.refusals)))
}

/// Draws a scenario, and says what was drawn.
pub(super) fn extract(
    context: &Context,
    store: &ops::Store,
    tenant: &TenantSlug,
    scenario: &str,
) -> Result<Outcome, CliError> {
    let format = context.output().format_among(&[OutputFormat::Table, OutputFormat::Json])?;
    let progress = context.progress();
    let (now, cancellation) = (context.now(), context.cancellation());
    let drawn =
        ops::anomaly::extract(store, tenant, scenario, now, progress.as_ref(), cancellation)?;
    drop(progress);
    match format {
        OutputFormat::Json => context.output().write_json(&json!({
            "tenant": tenant,
            "extraction": drawn,
        }))?,
        _ => context.output().write(&format!(
            "{tenant}: {} ({}): {} sign-ins, {} new, {} attacks among them\n",
            drawn.scenario, drawn.title, drawn.read, drawn.added, drawn.attacks
        ))?,
    }
    Ok(Outcome::Done)
}

/// The outcome for people.
fn told(outcome: &SignInImportOutcome) -> String {
    let mut text = format!("{} sign-ins read", outcome.read);
    if let Some(added) = outcome.added {
        text += &format!(", {added} new, {} known", outcome.read.saturating_sub(added));
    }
    text.push('\n');
    if let (Some(first), Some(last)) = (outcome.first_at, outcome.last_at) {
        text += &format!(
            "from {} to {} UTC\n",
            first.strftime("%Y-%m-%d %H:%M"),
            last.strftime("%Y-%m-%d %H:%M")
        );
    }
    for (kind, count) in &outcome.others {
        text += &format!("passed over: {count} records {:?}, no sign-ins\n", sanitize(kind));
    }
    for refused in &outcome.refused {
        text += &format!("refused: {}\n", sanitize(refused));
    }
    let unnamed = outcome.refusals.saturating_sub(outcome.refused.len() as u64);
    if unnamed > 0 {
        text += &format!("refused: {unnamed} more\n");
    }
    if outcome.forgotten > 0 {
        text += &format!(
            "{} blocks of original records were past the days that they are kept, and are gone\n",
            outcome.forgotten
        );
    }
    text
}
