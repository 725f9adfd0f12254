//! Audits of tenants: from the store, or of policy files alone.

mod files;
mod fleet;
mod options;

pub use files::{AuditFilesError, audit_files};
pub use fleet::{AuditRequest, FleetAudit, TenantAudit, TenantAuditError, audit_fleet, select};
pub use options::{check_names, options_for};
