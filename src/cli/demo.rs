//! `cstack demo`

use model::tenant::TenantSlug;
use ops::anomaly::{AlertFilter, ScoreRequest, TrainRequest};
use ops::auditing::{AuditRequest, audit_fleet, select};
use ops::config::OutputFormat;
use ops::demonstration;

use super::rendering::{envelope, format, style};
use super::{CliError, Context, Outcome};

/// Load three demonstration tenants, audit them and show the fleet
///
/// The tenants are made up: a well-run small business, a neglected haulier and a hybrid
/// manufacturer. They carry a time of their own, so that they never age, and are not loaded beside
/// real tenants.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Take the demonstration out again, with its findings
    #[arg(long)]
    remove: bool,
    /// Policies only: no sign-ins, no models, no incidents
    #[arg(long, conflicts_with = "remove")]
    no_signins: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Outcome, CliError> {
    if args.remove { remove(context) } else { load(context, !args.no_signins) }
}

/// Loads, audits and shows the fleet.
pub(super) fn load(context: &Context, signins: bool) -> Result<Outcome, CliError> {
    let store = ops::database::open(context.config(), context.paths());
    let progress = context.progress();
    let now = context.now();
    let loaded = demonstration::load(&store, now, progress.as_ref(), context.cancellation())?;
    let catalogue = super::rules::catalogue(context)?;
    let names: Vec<_> = loaded.iter().map(|tenant| tenant.tenant.slug.clone()).collect();
    let request = AuditRequest {
        catalogue: &catalogue,
        config: &context.config().audit,
        as_of: None,
        now,
        record: true,
        keep_reports: false,
    };
    let tenants = select(&store, &names, &[])?;
    let fleet = audit_fleet(&store, tenants, &request, progress.as_ref(), context.cancellation())?;
    let rows = fleet.rows();
    let text = report::fleet(&rows, &envelope(context), format(context), &style(context))?;
    context.output().write(&text)?;
    drop(progress);
    if signins {
        for name in &names {
            watch(context, &store, name)?;
        }
    }
    context.remark(
        "Look around: `cstack findings list`, `cstack coverage --tenant tenant-c`, `cstack audit \
         --tenant tenant-b`, `cstack anomaly alerts --tenant tenant-c`. `cstack demo --remove` takes the demonstration out.",
    );
    Ok(super::audit::verdict(None, fleet.worst(), fleet.some_failed()))
}

/// Four weeks of sign-ins to learn from, two with attacks to judge, and the worst of what is found.
fn watch(context: &Context, store: &ops::Store, tenant: &TenantSlug) -> Result<(), CliError> {
    let (progress, actor, now) = (context.progress(), context.actor(), context.now());
    let (progress, cancellation) = (progress.as_ref(), context.cancellation());
    let config = &context.config().ml;
    ops::anomaly::extract(store, tenant, "baseline", now, progress, cancellation)?;
    if ops::anomaly::models(store, tenant)?.versions.is_empty() {
        let request =
            TrainRequest { tenant, config, trees: None, seed: None, actor: actor.as_str() };
        ops::anomaly::train(store, &request, now, progress, cancellation)?;
        ops::anomaly::promote(store, tenant, None, true, &actor, now)?;
    }
    ops::anomaly::extract(store, tenant, "replay-attacks", now, progress, cancellation)?;
    let request = ScoreRequest { tenant, config, again: false };
    ops::anomaly::score(store, &request, now, progress, cancellation)?;
    if context.output().format == OutputFormat::Table {
        context.output().write("\n")?;
        let most = AlertFilter { most: Some(3), ..AlertFilter::default() };
        super::anomaly::alerts(context, store, tenant, &most)?;
    }
    Ok(())
}

/// Takes the demonstration out.
pub(super) fn remove(context: &Context) -> Result<Outcome, CliError> {
    let store = ops::database::open(context.config(), context.paths());
    let removed = demonstration::remove(&store)?;
    if removed.is_empty() {
        context.remark("this database has no demonstration");
    }
    for (tenant, removal) in removed {
        let rows: usize = removal.rows.iter().map(|(_, count)| count).sum();
        context.remark(&format!("{} ({}) is gone: {rows} rows", tenant.slug, tenant.display_name));
    }
    Ok(Outcome::Done)
}
