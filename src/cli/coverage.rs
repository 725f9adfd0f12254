//! `cstack coverage`

use jiff::Timestamp;
use model::tenant::TenantSlug;
use ops::auditing::{AuditRequest, audit_fleet, select};
use report::{Coverage, Depth};

use super::rendering::{envelope, format, style};
use super::{CliError, Context, Failure, Outcome};

/// Show what holds for which people on which applications
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The tenant
    #[arg(short, long, value_name = "NAME")]
    tenant: TenantSlug,

    /// One cell in full: user segment and application segment
    #[arg(long, value_name = "USERS,APPS")]
    cell: Option<String>,

    /// In a table, tell of each weak cell below the matrix who and how
    #[arg(long, conflicts_with = "cell")]
    details: bool,

    /// Take this time as now (a date or RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = super::moment::moment)]
    as_of: Option<Timestamp>,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Outcome, CliError> {
    let store = ops::database::open(context.config(), context.paths());
    let catalogue = super::rules::catalogue(context)?;
    let tenants = select(&store, std::slice::from_ref(&args.tenant), &[])?;
    let request = AuditRequest {
        catalogue: &catalogue,
        config: &context.config().audit,
        as_of: args.as_of,
        now: context.now(),
        record: false,
        keep_reports: true,
    };
    let fleet = audit_fleet(
        &store,
        tenants,
        &request,
        context.progress().as_ref(),
        context.cancellation(),
    )?;
    let Some(audited) = fleet.tenants.into_iter().next() else {
        return Err(CliError::new(Failure::General, "the tenant was not audited"));
    };
    let report = audited
        .report?
        .ok_or_else(|| CliError::new(Failure::General, "the tenant's report was not kept"))?;
    let coverage =
        Coverage { tenant: &report.tenant, as_of: report.as_of, matrix: &report.coverage };
    let (envelope, format, mut style) = (envelope(context), format(context), style(context));
    style.excerpt.depth = if args.details { Depth::Full } else { Depth::Brief };
    let text = match &args.cell {
        None => report::coverage(&coverage, &envelope, format, &style)?,
        Some(cell) => {
            let (users, apps) = cell.split_once(',').ok_or_else(|| {
                CliError::usage(format!("{cell:?} is not a cell"))
                    .remedy("write the user segment, a comma and the application segment")
            })?;
            report::coverage_cell(&coverage, users.trim(), apps.trim(), &envelope, format, &style)?
        }
    };
    context.output().write(&text)?;
    Ok(Outcome::Done)
}
