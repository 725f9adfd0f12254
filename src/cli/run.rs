//! `cstack run`

use jiff::Timestamp;
use model::rule::Severity;
use model::tenant::TenantSlug;
use ops::StoreError;
use ops::anomaly::AnomalyError;
use ops::auditing::{AuditRequest, TenantAuditError};
use ops::nightly::{RunOutcome, RunRequest, run as run_all};

use super::remark::remark;
use super::rendering::{envelope, format, style};
use super::{CliError, Context, Outcome};

/// Import the configured sources, audit every tenant, judge sign-ins and report: for cron and timers
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// This tenant; may be given several times. Without --tenant and --group, all
    #[arg(short, long, value_name = "NAME")]
    tenant: Vec<TenantSlug>,

    /// The tenants of this group
    #[arg(short, long, value_name = "NAME")]
    group: Vec<String>,

    /// All tenants (for scripts that say so)
    #[arg(long, conflicts_with_all = ["tenant", "group"])]
    all: bool,

    /// Take this time as now (a date or RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = super::moment::moment)]
    as_of: Option<Timestamp>,

    /// End with code 10 if there are findings of this severity or worse
    #[arg(long, value_name = "SEVERITY")]
    fail_on: Option<Severity>,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Outcome, CliError> {
    let store = ops::database::open(context.config(), context.paths());
    let catalogue = super::rules::catalogue(context)?;
    let now = context.now();
    let request = RunRequest {
        tenants: &args.tenant,
        groups: &args.group,
        sources: &context.config().sources,
        audit: AuditRequest {
            catalogue: &catalogue,
            config: &context.config().audit,
            as_of: args.as_of,
            now,
            record: true,
            keep_reports: false,
        },
    };
    let done = run_all(&store, &request, context.progress().as_ref(), context.cancellation())?;
    if done.fleet.tenants.is_empty() {
        super::audit::groups_have_tenants(&args.group)?;
    }
    for import in &done.imports {
        match &import.outcome {
            Ok(outcome) => {
                for note in &outcome.notes {
                    context.remark(&format!("note: tenant {}: {note}", import.tenant));
                }
            }
            Err(error) => remark(&format!("error: tenant {}: {error}", import.tenant)),
        }
    }
    let rows = done.fleet.rows();
    let text = report::fleet(&rows, &envelope(context), format(context), &style(context))?;
    context.output().write(&text)?;
    let merged = done.merged();
    context.remark(&format!(
        "{} opened, {} reopened, {} worsened, {} resolved, {} changed, {} as before",
        merged.opened,
        merged.reopened,
        merged.worsened,
        merged.resolved,
        merged.changed,
        merged.unchanged
    ));
    for tenant in &done.fleet.tenants {
        // A failed import was told above.
        if let Err(error) = &tenant.report
            && !matches!(error, TenantAuditError::NotImported(_))
        {
            remark(&format!("error: tenant {}: {error}", tenant.tenant.slug));
        }
    }
    let failed = watch(context, &store, &done)?;
    Ok(super::audit::verdict(args.fail_on, done.fleet.worst(), done.some_failed() || failed))
}

/// Judges what sign-ins have come in; says whether that failed for some tenant.
fn watch(context: &Context, store: &ops::Store, done: &RunOutcome) -> Result<bool, CliError> {
    let (progress, actor, now) = (context.progress(), context.actor(), context.now());
    let listeners = (progress.as_ref(), context.cancellation());
    let mut failed = false;
    for of in &done.fleet.tenants {
        context.cancellation().check()?;
        let tenant = &of.tenant.slug;
        let config = &context.config().ml;
        match ops::anomaly::keep_watch(store, tenant, config, &actor, now, listeners) {
            Ok(kept) => {
                if let Some(version) = kept.trained {
                    let became = if kept.promoted { "is champion" } else { "waits as challenger" };
                    context.remark(&format!("tenant {tenant}: model {version} {became}"));
                }
                if let Some(scored) = kept.scored.filter(|scored| scored.judged > 0) {
                    context.remark(&format!(
                        "tenant {tenant}: {} sign-ins judged, {} new incidents",
                        scored.judged, scored.merged.opened
                    ));
                }
            }
            // A tenant that could not even be registered was told above.
            Err(AnomalyError::Store(StoreError::UnknownTenant(_))) => {}
            Err(error) => {
                failed = true;
                remark(&format!("error: tenant {tenant}: {error}"));
            }
        }
    }
    Ok(failed)
}
