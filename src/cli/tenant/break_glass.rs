//! `cstack tenant break-glass`

use clap::{Subcommand, ValueEnum};
use model::exception::BreakGlassAccount;
use model::tenant::TenantSlug;
use model::text::sanitize;
use ops::config::OutputFormat;
use ops::registers::break_glass::{self, Declaration};
use ops::registers::{Declared, Meant};
use serde_json::json;

use crate::cli::{CliError, Context};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Declare emergency accounts
    Add {
        /// The tenant
        tenant: TenantSlug,
        /// Accounts, by sign-in name or object id
        #[arg(required = true, value_name = "ACCOUNT")]
        accounts: Vec<String>,
        /// Whether a sign-in with them raises an alarm, as you attest
        #[arg(long, value_name = "ANSWER")]
        monitored: Option<Answer>,
        /// Declare object ids that the imported users do not have
        #[arg(long)]
        force: bool,
    },
    /// List the declared accounts
    List {
        /// The tenant
        tenant: TenantSlug,
    },
    /// Take accounts out of the register; their history stays
    Remove {
        /// The tenant
        tenant: TenantSlug,
        /// Accounts, by object id or the name they were declared under
        #[arg(required = true, value_name = "ACCOUNT")]
        accounts: Vec<String>,
    },
    /// List accounts whose names look like emergency accounts, to declare them or not
    Suggest {
        /// The tenant
        tenant: TenantSlug,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Answer {
    Yes,
    No,
}

pub(super) fn run(context: &Context, store: &ops::Store, args: &Args) -> Result<(), CliError> {
    let output = context.output();
    let format = output.format_among(&[OutputFormat::Table, OutputFormat::Json])?;
    let now = ops::tenants::clock(store, context.now())?;
    let actor = context.actor();
    match &args.action {
        Action::Add { tenant, accounts, monitored, force } => {
            for who in accounts {
                let declaration = Declaration {
                    tenant,
                    who,
                    monitored: monitored.map(|answer| matches!(answer, Answer::Yes)),
                    force: *force,
                    actor: &actor,
                    at: now,
                };
                let (account, declared) = break_glass::declare(store, &declaration)?;
                let what = match declared {
                    Declared::Added => "is declared",
                    Declared::Changed => "is declared anew",
                    Declared::Unchanged => "was declared already",
                };
                context.remark(&format!("{} {what}", account.label));
            }
            Ok(())
        }
        Action::Remove { tenant, accounts } => {
            for who in accounts {
                let account = break_glass::remove(store, tenant, who, &actor, now)?;
                context.remark(&format!("{} is no emergency account any more", account.label));
            }
            Ok(())
        }
        Action::List { tenant } => {
            let accounts = break_glass::list(store, tenant)?;
            if format == OutputFormat::Json {
                return output.write_json(&accounts);
            }
            lines(context, "No emergency accounts are declared.\n", accounts.iter().map(describe))
        }
        Action::Suggest { tenant } => {
            let found = break_glass::suggest(store, tenant)?;
            if format == OutputFormat::Json {
                let found: Vec<_> = found
                    .iter()
                    .map(|meant| json!({"userId": meant.id, "label": meant.label}))
                    .collect();
                return output.write_json(&found);
            }
            let line = |meant: &Meant| format!("{}  {}", sanitize(&meant.label), meant.id);
            lines(context, "No name looks like an emergency account's.\n", found.iter().map(line))
        }
    }
}

fn describe(account: &BreakGlassAccount) -> String {
    let monitored = match account.monitored {
        Some(true) => "monitored",
        Some(false) => "not monitored",
        None => "monitoring not told",
    };
    format!(
        "{}  {}  {monitored}  declared {} by {}",
        sanitize(&account.label),
        account.user_id,
        account.declared_at.strftime("%Y-%m-%d"),
        sanitize(&account.declared_by),
    )
}

fn lines(
    context: &Context,
    none: &str,
    lines: impl Iterator<Item = String>,
) -> Result<(), CliError> {
    let lines: Vec<_> = lines.collect();
    context.output().write_with(|sink| {
        if lines.is_empty() {
            return sink.write_all(none.as_bytes());
        }
        lines.iter().try_for_each(|line| writeln!(sink, "{line}"))
    })
}
