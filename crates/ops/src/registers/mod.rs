//! The registers of what people declared: emergency accounts and exceptions.

pub mod break_glass;
pub mod exceptions;
pub mod file;
pub mod resolve;

use jiff::Timestamp;
use model::snapshot::TenantSnapshot;
use model::tenant::TenantSlug;
use store::{Store, StoreError};

pub use resolve::Meant;
pub use store::{Declared, Register, RegisterAction, RegisterEvent};

/// Why a register was left as it is.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The database is busy or broken.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing was imported for the tenant, so that no name can be looked up.
    #[error("tenant {tenant} has no data to look names up in; import some first, or use --force")]
    NoData {
        /// The tenant.
        tenant: TenantSlug,
    },
    /// No such directory object.
    #[error(
        "the data of tenant {tenant} has no {what} {text:?}; check the spelling, import newer \
         data, or use --force to take it as an id"
    )]
    NotInTenant {
        /// What was looked for.
        what: &'static str,
        /// By what.
        text: String,
        /// Where.
        tenant: TenantSlug,
    },
    /// Several are called so.
    #[error("several in tenant {tenant} answer to {what} {text:?}: {}", .candidates.join(", "))]
    Ambiguous {
        /// What was looked for.
        what: &'static str,
        /// By what.
        text: String,
        /// Where.
        tenant: TenantSlug,
        /// Ids with names.
        candidates: Vec<String>,
    },
    /// The account is not in the register.
    #[error(
        "{who} is no declared emergency account of tenant {tenant}; \
         `cstack tenant break-glass list {tenant}` lists them"
    )]
    NotDeclared {
        /// Who.
        who: String,
        /// The tenant.
        tenant: TenantSlug,
    },
    /// No exception's id is so.
    #[error(
        "tenant {tenant} has no exception {id:?}; `cstack exception list --tenant {tenant}` \
         lists them"
    )]
    NoSuchException {
        /// The id.
        id: String,
        /// The tenant.
        tenant: TenantSlug,
    },
    /// One for the same is in force.
    #[error(
        "tenant {tenant} has exception {id} for this already, in force until {until}; \
         `cstack exception renew` moves its end"
    )]
    InForce {
        /// Its id.
        id: String,
        /// Its end.
        until: Timestamp,
        /// The tenant.
        tenant: TenantSlug,
    },
    /// An end before the beginning.
    #[error("it would end at {end}, which is not after {at}")]
    EndsBeforeItBegins {
        /// The end that was asked for.
        end: Timestamp,
        /// Now.
        at: Timestamp,
    },
    /// A text that an exception must have.
    #[error("an exception needs {what}")]
    Missing {
        /// Which.
        what: &'static str,
    },
}

/// What is known of a tenant; `None` where nothing was imported.
///
/// # Errors
/// [`RegisterError`] where the tenant is not registered or the database cannot be read.
pub fn snapshot_of(
    store: &Store,
    tenant: &TenantSlug,
) -> Result<Option<TenantSnapshot>, RegisterError> {
    store.tenant(tenant)?;
    Ok(store.load_snapshot(tenant)?)
}
