//! Sign-ins: imported, counted, shown.

use model::sign_in::SignInStats;
use model::tenant::TenantSlug;
use store::{Store, StoreError, StoredSignIn};

/// Why sign-ins could not be told.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The database is busy or broken, or there is no such tenant.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No such sign-in.
    #[error(
        "tenant {tenant} has no sign-in {id:?}: give the whole id, as alerts and exports have it"
    )]
    Unknown {
        /// The tenant.
        tenant: TenantSlug,
        /// What was asked for.
        id: String,
    },
}

/// What sign-ins a tenant has.
///
/// # Errors
/// [`SignInError`] where there is no such tenant or the database cannot be read.
pub fn stats(store: &Store, tenant: &TenantSlug) -> Result<SignInStats, SignInError> {
    Ok(store.sign_in_stats(tenant)?)
}

/// One sign-in by its id.
///
/// # Errors
/// [`SignInError`] where there is none or the database cannot be read.
pub fn one(store: &Store, tenant: &TenantSlug, id: &str) -> Result<StoredSignIn, SignInError> {
    store.tenant(tenant)?;
    let unknown = || SignInError::Unknown { tenant: tenant.clone(), id: id.to_owned() };
    store.sign_in(tenant, id)?.ok_or_else(unknown)
}
