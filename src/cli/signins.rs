//! `cstack signins`

use clap::Subcommand;
use model::tenant::TenantSlug;
use report::SignInDetail;

use super::rendering::{envelope, format, style};
use super::{CliError, Context, Outcome};

/// Count and show sign-ins
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
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
