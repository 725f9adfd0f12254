//! Why an import did not happen.

use graph::export::ReadError;
use model::tenant::TenantSlug;
use store::StoreError;

use crate::Cancelled;
use crate::tenants::TenantError;

/// Why an import did not happen; the store is as it was.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Nothing to import was named.
    #[error("nothing to import: name files or folders")]
    NoPath,
    /// Something in the export was refused.
    #[error(
        "{0}; nothing was imported: mend or remove it, or pass --keep-going to import the rest"
    )]
    Refused(Box<ReadError>),
    /// The database is busy or broken.
    #[error("nothing was imported")]
    Store(#[from] StoreError),
    /// The work was stopped.
    #[error("nothing was imported")]
    Stopped(#[from] Cancelled),
    /// The export is of another tenant.
    #[error(
        "the export is of the tenant {found}, and {tenant} is registered as {registered}: import it \
         under its own name, or correct the registry with `cstack tenant set {tenant} --tenant-id`"
    )]
    OtherTenant {
        /// The name given.
        tenant: TenantSlug,
        /// The tenant id in the registry.
        registered: String,
        /// The tenant id in the export.
        found: String,
    },
    /// The export has several tenants in it.
    #[error("the export is of several tenants ({}): import them one by one", .found.join(", "))]
    SeveralTenants {
        /// The tenant ids in the export.
        found: Vec<String>,
    },
    /// The database has the demonstration in it.
    #[error(transparent)]
    Demonstration(TenantError),
}
