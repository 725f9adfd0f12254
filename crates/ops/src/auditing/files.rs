//! An audit of policy files alone, without store and directory.

use std::path::PathBuf;

use audit::{AuditError, Catalogue, audit_tenant};
use graph::export::{ReadError, ReadLimits, read_paths};
use model::Timestamp;
use model::exception::BreakGlassAccount;
use model::object::ObjectKind;
use model::run::AuditReport;
use model::snapshot::TenantSnapshot;
use model::tenant::TenantSlug;

use super::options::options_for;
use crate::config::AuditConfig;

/// Why files cannot be audited.
#[derive(Debug, thiserror::Error)]
pub enum AuditFilesError {
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The audit.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// An object that was read does not fit its kind.
    #[error("{kind} {id:?} cannot be used")]
    Object {
        /// What it is.
        kind: ObjectKind,
        /// Its id.
        id: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

/// Audits policy files, with whatever else of the directory the files hold. Without users, what
/// policies name counts as not empty. Gives the report, and what is worth telling of the files.
///
/// # Errors
/// [`AuditFilesError`] for the first file that cannot be read.
pub fn audit_files(
    paths: &[PathBuf],
    break_glass: &[String],
    catalogue: &Catalogue,
    config: &AuditConfig,
    as_of: Timestamp,
) -> Result<(AuditReport, Vec<String>), AuditFilesError> {
    let reading = read_paths(paths, &ReadLimits::default(), false, |_| true)?;
    // A name that `TenantSlug` takes, whatever happens.
    let slug = TenantSlug::new("files").map_err(|_| AuditFilesError::Object {
        kind: ObjectKind::Policy,
        id: "files".into(),
        source: serde::de::Error::custom("not a tenant name"),
    })?;
    let mut snapshot = TenantSnapshot::empty(slug, as_of);
    for object in &reading.objects {
        snapshot.add(object.kind, &object.body.to_string()).map_err(|source| {
            AuditFilesError::Object { kind: object.kind, id: object.id.clone(), source }
        })?;
    }
    snapshot.collected.clone_from(&reading.complete_kinds);
    // Whoever asks about these files asks about them as the whole.
    snapshot.collected.insert(ObjectKind::Policy);
    snapshot.break_glass = break_glass
        .iter()
        .map(|id| BreakGlassAccount {
            user_id: id.clone(),
            label: id.clone(),
            declared_by: "command line".into(),
            declared_at: as_of,
            monitored: None,
        })
        .collect();
    let options = options_for(config, catalogue, None, as_of);
    let report = audit_tenant(&snapshot, catalogue, &options)?;
    let notes = reading.notes.iter().map(|(place, text)| format!("{place}: {text}")).collect();
    Ok((report, notes))
}
