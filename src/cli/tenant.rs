//! `cstack tenant`

mod break_glass;

use clap::Subcommand;
use model::tenant::TenantSlug;
use model::text::sanitize;
use ops::tenants::{self, TenantDetails, TenantRemoval};

use super::rendering::{envelope, format, style};
use super::{CliError, Context, Outcome};

/// Keep the registry of tenants
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Register a tenant
    Add {
        /// Its short name: lower-case letters, digits, `-`, `_` and `.`
        tenant: TenantSlug,
        #[command(flatten)]
        details: Details,
        /// A fleet group it belongs to; may be repeated
        #[arg(long, value_name = "NAME")]
        group: Vec<String>,
    },
    /// List tenants
    List {
        /// Those in this group; may be repeated
        #[arg(long, value_name = "NAME")]
        group: Vec<String>,
    },
    /// Show one tenant
    Show {
        /// The tenant
        tenant: TenantSlug,
    },
    /// Change what is known of a tenant
    Set {
        /// The tenant
        tenant: TenantSlug,
        #[command(flatten)]
        details: Details,
    },
    /// Give a tenant another short name; its findings keep their history
    Rename {
        /// The tenant
        tenant: TenantSlug,
        /// The new name
        new: TenantSlug,
    },
    /// Remove a tenant and everything of it
    Remove {
        /// The tenant
        tenant: TenantSlug,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
    /// Put a tenant into fleet groups, or take it out
    Group {
        #[command(subcommand)]
        action: GroupAction,
    },
    /// Declare emergency accounts
    BreakGlass(break_glass::Args),
}

#[derive(Debug, Clone, clap::Args)]
struct Details {
    /// Name to show
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,
    /// Entra tenant id
    #[arg(long, value_name = "ID")]
    tenant_id: Option<String>,
    /// Licence tier, which counts where the imported products do not tell
    #[arg(long, value_name = "TIER", value_parser = ["Free", "P1", "P2"], ignore_case = true)]
    licence: Option<String>,
}

impl Details {
    fn details(&self) -> TenantDetails {
        let tier = |text: &String| {
            let known =
                ["Free", "P1", "P2"].into_iter().find(|tier| tier.eq_ignore_ascii_case(text));
            known.map_or_else(|| text.clone(), str::to_owned)
        };
        TenantDetails {
            display_name: self.display_name.as_deref().map(|name| sanitize(name).into_owned()),
            tenant_id: self.tenant_id.as_deref().map(|id| sanitize(id).into_owned()),
            licence_tier: self.licence.as_ref().map(tier),
        }
    }
}

#[derive(Debug, Subcommand)]
enum GroupAction {
    /// Put a tenant into groups
    Add {
        /// The tenant
        tenant: TenantSlug,
        /// The groups
        #[arg(required = true)]
        groups: Vec<String>,
    },
    /// Take a tenant out of groups
    Remove {
        /// The tenant
        tenant: TenantSlug,
        /// The groups
        #[arg(required = true)]
        groups: Vec<String>,
    },
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Outcome, CliError> {
    let store = ops::database::open(context.config(), context.paths());
    match &args.action {
        Action::List { group } => {
            let now = tenants::clock(&store, context.now())?;
            let rows = tenants::list(&store, group, now)?;
            let text =
                report::tenants(&rows, &envelope(context), format(context), &style(context))?;
            context.output().write(&text)?;
        }
        Action::Show { tenant } => show(context, &store, tenant)?,
        Action::Add { tenant, details, group } => {
            tenants::add(&store, tenant, details.details(), group, context.now())?;
            context.remark(&format!("tenant {tenant} is registered"));
        }
        Action::Set { tenant, details } => {
            tenants::set(&store, tenant, details.details())?;
            context.remark(&format!("tenant {tenant} is changed"));
        }
        Action::Rename { tenant, new } => {
            tenants::rename(&store, tenant, new)?;
            context.remark(&format!("tenant {tenant} is {new} now"));
        }
        Action::Remove { tenant, yes } => {
            let going = in_words(&tenants::removal(&store, tenant)?);
            context.confirm(&format!("Remove tenant {tenant} with {going}?"), *yes)?;
            tenants::remove(&store, tenant)?;
            context.remark(&format!("tenant {tenant} is gone, with {going}"));
        }
        Action::Group { action } => {
            let changed = match action {
                GroupAction::Add { tenant, groups } => {
                    tenants::add_to_groups(&store, tenant, groups)?
                }
                GroupAction::Remove { tenant, groups } => {
                    tenants::remove_from_groups(&store, tenant, groups)?
                }
            };
            let groups = match changed.groups.as_slice() {
                [] => "no group".to_owned(),
                groups => groups.join(", "),
            };
            context.remark(&format!("tenant {} is in {groups}", changed.slug));
        }
        Action::BreakGlass(args) => break_glass::run(context, &store, args)?,
    }
    Ok(Outcome::Done)
}

fn show(context: &Context, store: &ops::Store, tenant: &TenantSlug) -> Result<(), CliError> {
    let now = tenants::clock(store, context.now())?;
    let row = tenants::show(store, tenant, now)?;
    let text = report::tenant(&row, &envelope(context), format(context), &style(context))?;
    context.output().write(&text)
}

/// `3 snapshots, 120 object versions, 14 findings with 30 events`
fn in_words(removal: &TenantRemoval) -> String {
    let parts: Vec<_> = removal
        .rows
        .iter()
        .filter(|(table, _)| table != "tenant")
        .filter_map(|(table, count)| {
            let (one, several) = match table.as_str() {
                "snapshot" => ("snapshot", "snapshots"),
                "object_version" => ("version of an object", "versions of objects"),
                "run" => ("run", "runs"),
                "finding" => ("finding", "findings"),
                "finding_event" => {
                    ("entry of findings' histories", "entries of findings' histories")
                }
                "break_glass" => ("emergency account", "emergency accounts"),
                "exception" => ("exception", "exceptions"),
                "register_event" => {
                    ("entry of registers' histories", "entries of registers' histories")
                }
                // What follows from the others is not worth a word.
                _ => return None,
            };
            Some(format!("{count} {}", if *count == 1 { one } else { several }))
        })
        .collect();
    if parts.is_empty() { "nothing else".to_owned() } else { parts.join(", ") }
}
