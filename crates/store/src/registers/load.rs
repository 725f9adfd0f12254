//! The registers as part of what is known of a tenant.

use duckdb::Connection;
use model::snapshot::TenantSnapshot;

use super::{break_glass, exceptions};
use crate::StoreError;

/// Fills in the declared emergency accounts and the exceptions, ended ones included.
///
/// # Errors
/// [`StoreError`] where the registers cannot be read.
pub fn load_into(conn: &Connection, snapshot: &mut TenantSnapshot) -> Result<(), StoreError> {
    snapshot.break_glass = break_glass::read(conn, &snapshot.tenant)?;
    snapshot.exceptions = exceptions::read(conn, &snapshot.tenant)?;
    Ok(())
}
