//! `cstack exception`

use clap::{ArgGroup, Subcommand};
use jiff::Timestamp;
use model::exception::ExceptionEntry;
use model::snapshot::TenantSnapshot;
use model::tenant::TenantSlug;
use model::text::sanitize;
use ops::config::OutputFormat;
use ops::registers::exceptions::{self, ExceptionFor, NewException};
use ops::triage::after;

use super::{CliError, Context, Outcome};

/// Declare what is meant to be as it is, why, who answers for it, and until when
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Add an exception for a principal, a policy or a rule
    #[command(group(ArgGroup::new("subject").args(["principal", "policy", "rule"])
        .required(true).multiple(true)))]
    Add {
        /// The tenant
        #[arg(short, long)]
        tenant: TenantSlug,
        /// A user, group, role or service principal, by id or name; with --rule, for that rule only
        #[arg(long, value_name = "WHO")]
        principal: Option<String>,
        /// A policy, by id or name
        #[arg(long, value_name = "POLICY", conflicts_with_all = ["principal", "rule"])]
        policy: Option<String>,
        /// A rule, by id
        #[arg(long, value_name = "RULE")]
        rule: Option<String>,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Who answers for it
        #[arg(long, value_name = "WHO")]
        owner: String,
        /// When it ends: a date, a time, or a duration such as `90d`
        #[arg(long, value_name = "TIME")]
        expires: String,
        /// Take what is not known as an id: a principal or policy that the imported data does not
        /// have, a rule that the catalogue does not have
        #[arg(long)]
        force: bool,
    },
    /// List a tenant's exceptions, those that end first first
    List {
        /// The tenant
        #[arg(short, long)]
        tenant: TenantSlug,
    },
    /// Give an exception another end
    Renew {
        /// Its id, or the beginning or end of it
        id: String,
        /// The tenant
        #[arg(short, long)]
        tenant: TenantSlug,
        /// When it ends
        #[arg(long, value_name = "TIME")]
        expires: String,
        /// Another reason
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Take an exception out of the register; its history stays
    Remove {
        /// Its id, or the beginning or end of it
        id: String,
        /// The tenant
        #[arg(short, long)]
        tenant: TenantSlug,
    },
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Outcome, CliError> {
    let store = ops::database::open(context.config(), context.paths());
    let now = ops::tenants::clock(&store, context.now())?;
    let actor = context.actor();
    let end = |text: &str| {
        after(text, now).map_err(|invalid| CliError::usage(format!("--expires: {invalid}")))
    };
    match &args.action {
        Action::Add { tenant, principal, policy, rule, reason, owner, expires, force } => {
            let subject = match (principal, policy, rule) {
                (Some(who), _, rule) => ExceptionFor::Principal(who, rule.as_deref()),
                (None, Some(policy), _) => ExceptionFor::Policy(policy),
                (None, None, Some(rule)) => ExceptionFor::Rule(rule),
                (None, None, None) => return Err(CliError::usage("the exception is for nothing")),
            };
            if let Some(rule) = rule
                && !force
            {
                known(context, rule)?;
            }
            let new = NewException {
                tenant,
                subject,
                reason: &sanitize(reason),
                owner: &sanitize(owner),
                expires_at: end(expires)?,
                force: *force,
                actor: &actor,
                at: now,
            };
            let (entry, label) = exceptions::add(&store, &new)?;
            told(context, "added", &entry, &label)?;
        }
        Action::List { tenant } => {
            let entries = exceptions::list(&store, tenant)?;
            list(context, &entries, ops::registers::snapshot_of(&store, tenant)?.as_ref(), now)?;
        }
        Action::Renew { id, tenant, expires, reason } => {
            let reason = reason.as_deref().map(sanitize);
            let (at, reason) = (end(expires)?, reason.as_deref());
            let entry = exceptions::renew(&store, tenant, id, at, reason, &actor, now)?;
            told(context, "renewed", &entry, entry.subject.id())?;
        }
        Action::Remove { id, tenant } => {
            let entry = exceptions::remove(&store, tenant, id, &actor, now)?;
            told(context, "removed", &entry, entry.subject.id())?;
        }
    }
    Ok(Outcome::Done)
}

/// A misspelt rule would be an exception for nothing.
fn known(context: &Context, rule: &str) -> Result<(), CliError> {
    let catalogue = ops::catalogue::load(super::rules::folder(context).as_deref())?;
    // The cells of the coverage matrix are rules that the configuration makes.
    if catalogue.get(rule).is_some() || rule.starts_with("coverage.") {
        return Ok(());
    }
    Err(CliError::usage(format!("there is no rule {rule:?}"))
        .remedy("`cstack rules list` lists them; --force takes it as it is"))
}

fn told(
    context: &Context,
    what: &str,
    entry: &ExceptionEntry,
    label: &str,
) -> Result<(), CliError> {
    if context.output().format_among(&[OutputFormat::Table, OutputFormat::Json])?
        == OutputFormat::Json
    {
        return context.output().write_json(entry);
    }
    let label = sanitize(label);
    let (kind, end) = (entry.subject.kind(), entry.expires_at.strftime("%Y-%m-%d"));
    context.output().write(&format!("{what} {}: {kind} {label}, ends {end}\n", entry.id))
}

fn list(
    context: &Context,
    entries: &[ExceptionEntry],
    snapshot: Option<&TenantSnapshot>,
    now: Timestamp,
) -> Result<(), CliError> {
    if context.output().format_among(&[OutputFormat::Table, OutputFormat::Json])?
        == OutputFormat::Json
    {
        return context.output().write_json(&entries);
    }
    if entries.is_empty() {
        return context.output().write("No exceptions.\n");
    }
    context.output().write_with(|sink| {
        for entry in entries {
            let state = if entry.is_in_force(now) { "ends" } else { "ended" };
            let rule =
                entry.rule.as_deref().map_or_else(String::new, |rule| format!(" for {rule}"));
            writeln!(
                sink,
                "{}  {} {}{rule}  {state} {}  {}: {}",
                entry.id,
                entry.subject.kind(),
                sanitize(&exceptions::label(entry, snapshot)),
                entry.expires_at.strftime("%Y-%m-%d"),
                sanitize(&entry.owner),
                sanitize(&entry.reason),
            )?;
        }
        Ok(())
    })
}
