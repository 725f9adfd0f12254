//! Export files into the store: whole or nothing.

mod error;
mod tenant;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use graph::export::{Reading, read_paths};
use jiff::Timestamp;
use model::object::ObjectKind;
use model::tenant::TenantSlug;
use serde::Serialize;
use store::{KindCounts, SnapshotImport, Store, StoreError};

use crate::Cancellation;
use crate::progress::Progress;

pub use error::ImportError;
pub use graph::export::ReadLimits;

/// What follows from the absence of an object that the store has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Completeness {
    /// What the shape of the export says: listings and folders are whole, single objects and
    /// listings that go on elsewhere are not.
    #[default]
    Judged,
    /// Nothing: the export is a part, and nothing is retired.
    Partial,
    /// Every kind that occurs is there as a whole, and what is absent is retired.
    Complete,
}

/// What to import.
#[derive(Debug, Clone)]
pub struct ImportRequest {
    /// The tenant; registered where it is unknown.
    pub tenant: TenantSlug,
    /// Files and folders.
    pub paths: Vec<PathBuf>,
    /// What follows from absence.
    pub completeness: Completeness,
    /// Whether to import what can be read although something is refused.
    pub keep_going: bool,
    /// Whether to read and check only, and to leave the store alone.
    pub dry_run: bool,
    /// When the export was made.
    pub taken_at: Timestamp,
    /// Bounds on files and objects.
    pub limits: ReadLimits,
}

/// What an import did, kind by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KindOutcome {
    /// Objects read.
    pub read: usize,
    /// Whether the whole listing was read, so that what is absent is no more.
    pub complete: bool,
    /// What changed; absent after a dry run.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub counts: Option<KindCounts>,
}

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportOutcome {
    /// Whether the tenant was registered by it.
    pub registered: bool,
    /// The new snapshot; absent where nothing changed, and after a dry run.
    pub snapshot_id: Option<String>,
    /// By kind.
    pub kinds: BTreeMap<ObjectKind, KindOutcome>,
    /// What is worth telling, with the place.
    pub notes: Vec<String>,
    /// What was refused, with the place; empty unless the import was to keep going.
    pub refused: Vec<String>,
}

/// Reads files and folders and takes what they hold into the store, as one snapshot.
///
/// Everything is read before the store is touched. An export that names another tenant than the
/// registered one is refused.
///
/// # Errors
/// [`ImportError`]; the store is then as it was.
pub fn import(
    store: &Store,
    request: &ImportRequest,
    now: Timestamp,
    progress: &dyn Progress,
    cancellation: &Cancellation,
) -> Result<ImportOutcome, ImportError> {
    if request.paths.is_empty() {
        return Err(ImportError::NoPath);
    }
    let registered = tenant::registered(store, &request.tenant)?;
    let mut reading = read(request, progress, cancellation)?;
    let told = tenant::told_by(&reading.objects, &reading.complete_kinds)?;
    tenant::check(&request.tenant, registered.as_ref(), &told)?;
    judge(&mut reading, request.completeness);

    let mut outcome = ImportOutcome {
        registered: registered.is_none() && !request.dry_run,
        notes: reading.notes.iter().map(|(place, text)| format!("{place}: {text}")).collect(),
        refused: reading.errors.iter().map(ToString::to_string).collect(),
        ..ImportOutcome::default()
    };
    for object in &reading.objects {
        outcome.kinds.entry(object.kind).or_default().read += 1;
    }
    for kind in &reading.complete_kinds {
        outcome.kinds.entry(*kind).or_default().complete = true;
    }
    outcome.notes.extend(reasons(&outcome, request.completeness));
    cancellation.check()?;
    if reading.objects.is_empty() && reading.complete_kinds.is_empty() {
        outcome.registered = false;
        outcome.notes.push("nothing is imported: there is no object in what was read".to_owned());
        return Ok(outcome);
    }
    if request.dry_run {
        return Ok(outcome);
    }
    let mut task = progress.begin("writing", None);
    task.note(request.tenant.as_str());
    let registration = tenant::registration(&request.tenant, registered.as_ref(), told, now);
    let snapshot = SnapshotImport {
        tenant: request.tenant.clone(),
        registration,
        taken_at: request.taken_at,
        origin: origin(&request.paths),
        partial: request.completeness == Completeness::Partial,
        complete_kinds: reading.complete_kinds,
        objects: reading.objects,
    };
    let taken = match store.import_snapshot_while(snapshot, &|| !cancellation.is_cancelled()) {
        Err(StoreError::Stopped) => {
            cancellation.check()?;
            return Err(StoreError::Stopped.into());
        }
        taken => taken?,
    };
    outcome.snapshot_id = taken.snapshot_id;
    for (kind, counts) in taken.by_kind {
        outcome.kinds.entry(kind).or_default().counts = Some(counts);
    }
    for kind in outcome.kinds.values_mut() {
        kind.counts.get_or_insert_default();
    }
    Ok(outcome)
}

fn read(
    request: &ImportRequest,
    progress: &dyn Progress,
    cancellation: &Cancellation,
) -> Result<Reading, ImportError> {
    let mut task = progress.begin("reading", None);
    let each = |file: &Path| {
        task.note(&file.display().to_string());
        task.advance(1);
        !cancellation.is_cancelled()
    };
    let reading = read_paths(&request.paths, &request.limits, request.keep_going, each)
        .map_err(|error| ImportError::Refused(Box::new(error)))?;
    // A reading that was stopped is not the whole.
    cancellation.check()?;
    Ok(reading)
}

/// Applies what the user says of the export to what it looks like.
fn judge(reading: &mut Reading, completeness: Completeness) {
    if completeness == Completeness::Partial {
        reading.complete_kinds = BTreeSet::new();
    }
    // What was refused is absent and still there.
    if completeness == Completeness::Complete && reading.errors.is_empty() {
        let kinds = reading.objects.iter().map(|object| object.kind);
        // Whether every group has its members listed, the reader knows better.
        let kinds = kinds.filter(|kind| *kind != ObjectKind::GroupMembership);
        reading.complete_kinds.extend(kinds);
    }
}

/// Why nothing is retired of a kind, where somebody may expect it.
fn reasons(outcome: &ImportOutcome, completeness: Completeness) -> Vec<String> {
    if completeness == Completeness::Partial {
        return Vec::new();
    }
    if !outcome.refused.is_empty() {
        return vec!["nothing is retired, because something was refused".to_owned()];
    }
    let parts: Vec<&str> = outcome
        .kinds
        .iter()
        .filter(|(_, kind)| kind.read > 0 && !kind.complete)
        .map(|(kind, _)| kind.plural())
        .collect();
    if parts.is_empty() {
        return Vec::new();
    }
    vec![format!(
        "no {} are retired, because this may not be all of them; if it is, say --complete",
        parts.join(", ")
    )]
}

/// Where a snapshot came from, in a line.
fn origin(paths: &[PathBuf]) -> String {
    match paths {
        [] => String::new(),
        [one] => one.display().to_string(),
        [first, rest @ ..] => format!("{} and {} more", first.display(), rest.len()),
    }
}

#[cfg(test)]
mod tests;
