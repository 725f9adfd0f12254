//! The local database that the configuration names.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

pub use store::ExportFormat;
use store::{Store, StoreError, StoreSettings};

use crate::auditing::TenantAuditError;
use crate::config::{Config, Paths};
use crate::registers::RegisterError;
use crate::registers::file::RegisterFileError;
use crate::tenants::TenantError;
use crate::triage::TriageError;
use crate::whatif::WhatIfError;

/// The store's error that an error of these use cases is.
///
/// They are transparent over it, so that it is told once; in a chain of sources it is not seen.
pub fn store_error<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e StoreError> {
    if let Some(error) = error.downcast_ref() {
        return Some(error);
    }
    if let Some(TriageError::Store(inner)) = error.downcast_ref() {
        return Some(inner);
    }
    if let Some(TenantError::Store(inner)) = error.downcast_ref() {
        return Some(inner);
    }
    if let Some(RegisterError::Store(inner)) = error.downcast_ref() {
        return Some(inner);
    }
    if let Some(TenantAuditError::Store(inner)) = error.downcast_ref() {
        return Some(inner);
    }
    if let Some(WhatIfError::Store(inner)) = error.downcast_ref() {
        return Some(inner);
    }
    match error.downcast_ref()? {
        RegisterFileError::Store(inner)
        | RegisterFileError::Register(RegisterError::Store(inner)) => Some(inner),
        _ => None,
    }
}

/// A handle on the configured database. Opens nothing until it is first used.
pub fn open(config: &Config, paths: &Paths) -> Store {
    let folder = paths.database.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut settings = StoreSettings::in_folder(folder.unwrap_or(Path::new(".")));
    if let Some(name) = paths.database.file_name() {
        settings.file_name = name.to_string_lossy().into_owned();
    }
    settings.group.clone_from(&config.store.group);
    settings.memory_limit = format!("{}B", config.store.memory_limit.bytes());
    settings.threads = config.store.threads.get().into();
    settings.lock_wait = Duration::from_secs(config.store.lock_wait.into());
    Store::new(settings)
}

/// A dated file in `backups` beside the database, which is made where it is missing.
///
/// # Errors
/// Where the folder cannot be made.
pub fn backup_name(store: &Store, now: model::Timestamp) -> Result<std::path::PathBuf, StoreError> {
    let folder = store.backups()?;
    let stamp = now.strftime("%Y%m%dT%H%M%SZ");
    Ok(folder.join(format!("cstack-{stamp}.duckdb")))
}
