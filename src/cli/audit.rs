//! `cstack audit`

use std::path::PathBuf;

use jiff::Timestamp;
use model::rule::Severity;
use model::run::AuditReport;
use model::tenant::TenantSlug;
use ops::auditing::{AuditRequest, FleetAudit, audit_files, audit_fleet, select};
use report::{Depth, Excerpt, Format, Style};

use super::remark::remark;
use super::rendering::{envelope, format, style};
use super::{CliError, Context, Failure, Outcome};

/// Audit tenants, or policy files alone, and say what is not protected
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Everything there is to audit (for scripts that say so)
    #[arg(value_parser = ["all"], hide = true)]
    what: Option<String>,

    /// Audit this tenant; may be given several times. Without --tenant and --group, all
    #[arg(short, long, value_name = "NAME")]
    tenant: Vec<TenantSlug>,

    /// Audit the tenants of this group
    #[arg(short, long, value_name = "NAME")]
    group: Vec<String>,

    /// Audit these files or folders alone, without store and directory
    #[arg(long, value_name = "PATH", num_args = 1.., conflicts_with_all = ["tenant", "group"])]
    policies: Vec<PathBuf>,

    /// With --policies: an emergency account, by object id
    #[arg(long, value_name = "ID", requires = "policies")]
    break_glass: Vec<String>,

    /// Take this time as now (a date or RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = super::moment::moment)]
    as_of: Option<Timestamp>,

    /// End with code 10 if there are findings of this severity or worse
    #[arg(long, value_name = "SEVERITY")]
    fail_on: Option<Severity>,

    /// In a table, show failures of this severity or worse, and count the rest
    #[arg(long, value_name = "SEVERITY")]
    severity: Option<Severity>,

    /// In a table, name failures without reason and witnesses
    #[arg(long)]
    brief: bool,

    /// Show what would be found, and record nothing
    #[arg(long)]
    dry_run: bool,

    /// Write no narratives (this build writes none)
    #[arg(long, hide = true)]
    no_narratives: bool,
}

impl Args {
    fn excerpt(&self, format: Format) -> Result<Excerpt, CliError> {
        if format != Format::Table && (self.brief || self.severity.is_some()) {
            return Err(CliError::usage(format!(
                "--brief and --severity are for tables; {format} has everything"
            )));
        }
        Ok(Excerpt {
            least: self.severity.unwrap_or(Excerpt::WHOLE.least),
            depth: if self.brief { Depth::Brief } else { Depth::Full },
        })
    }
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Outcome, CliError> {
    let style = Style { excerpt: args.excerpt(format(context))?, ..style(context) };
    let catalogue = super::rules::catalogue(context)?;
    let now = context.now();
    if !args.policies.is_empty() {
        let as_of = args.as_of.unwrap_or(now);
        let audit = &context.config().audit;
        let (report, notes) =
            audit_files(&args.policies, &args.break_glass, &catalogue, audit, as_of)?;
        for note in notes {
            context.remark(&format!("note: {note}"));
        }
        let text = report::audit(&report, &envelope(context), format(context), &style)?;
        context.output().write(&text)?;
        return Ok(verdict(args.fail_on, report.worst(), false));
    }
    let store = ops::database::open(context.config(), context.paths());
    let tenants = select(&store, &args.tenant, &args.group)?;
    if tenants.is_empty() {
        groups_have_tenants(&args.group)?;
        return Err(CliError::new(Failure::General, "there is no tenant to audit")
            .remedy("import one with `cstack import --tenant NAME PATH`, or see `cstack demo`"));
    }
    let one = tenants.len() == 1;
    let request = AuditRequest {
        catalogue: &catalogue,
        config: &context.config().audit,
        as_of: args.as_of,
        now,
        record: !args.dry_run,
        keep_reports: full(context, one),
    };
    let fleet = audit_fleet(
        &store,
        tenants,
        &request,
        context.progress().as_ref(),
        context.cancellation(),
    )?;
    show(context, &fleet, one, style)?;
    for tenant in &fleet.tenants {
        if let Err(error) = &tenant.report {
            remark(&format!("error: tenant {}: {error}", tenant.tenant.slug));
        }
    }
    Ok(verdict(args.fail_on, fleet.worst(), fleet.some_failed()))
}

/// Refuses groups in which nobody is: a slip in a nightly job must not look like a quiet night.
///
/// To be asked where no tenant was found.
pub(super) fn groups_have_tenants(groups: &[String]) -> Result<(), CliError> {
    if groups.is_empty() {
        return Ok(());
    }
    let names = groups.join(", ");
    Err(CliError::new(Failure::General, format!("no tenant is in the group {names}"))
        .remedy("`cstack tenant list` shows groups"))
}

/// Whether whole reports are shown.
fn full(context: &Context, one: bool) -> bool {
    one || matches!(format(context), Format::Json | Format::Ndjson | Format::Sarif)
}

/// One tenant in full; several as a fleet at a terminal, and in full for programs.
fn show(context: &Context, fleet: &FleetAudit, one: bool, style: Style) -> Result<(), CliError> {
    let format = format(context);
    let envelope = envelope(context);
    let full = full(context, one);
    let text = if full {
        let reports: Vec<AuditReport> = fleet.reports().cloned().collect();
        match reports.as_slice() {
            [report] if one => report::audit(report, &envelope, format, &style)?,
            reports => report::audits(reports, &envelope, format, &style)?,
        }
    } else {
        report::fleet(&fleet.rows(), &envelope, format, &style)?
    };
    context.output().write(&text)
}

/// How a command that audited ends. Failed tenants outrank findings: a script must not take a
/// partial result for the whole.
pub(super) fn verdict(
    fail_on: Option<Severity>,
    worst: Option<Severity>,
    some_failed: bool,
) -> Outcome {
    if some_failed {
        Outcome::SomeTenantsFailed
    } else if fail_on.is_some_and(|limit| worst >= Some(limit)) {
        Outcome::FindingsAtOrAbove
    } else {
        Outcome::Done
    }
}
