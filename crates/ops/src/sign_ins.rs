//! Sign-ins: imported, counted, shown.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use graph::export::{ReadError, ReadLimits};
use graph::network::{NetworkError, NetworkFacts};
use graph::sign_ins::{SignInOptions, SignInReading, Step, read_sign_ins};
use jiff::Timestamp;
use model::canonical::sha256_hex;
use model::sign_in::SignInStats;
use model::tenant::{Tenant, TenantSlug};
use serde::Serialize;
use store::{ArrivingSignIn, Registration, SignInOrigin, Store, StoreError, StoredSignIn};

use crate::config::{GeoIpConfig, SignInsConfig};
use crate::progress::Progress;
use crate::tenants::{TenantError, has_demonstration};
use crate::{Cancellation, Cancelled};

/// Why sign-ins were not imported; the store counts none of them.
#[derive(Debug, thiserror::Error)]
pub enum SignInImportError {
    /// Something was refused.
    #[error(
        "{0}; nothing was imported: mend or remove it, or pass --keep-going to import the rest"
    )]
    Refused(ReadError),
    /// A file or folder cannot be used.
    #[error(transparent)]
    Path(ReadError),
    /// The database is busy or broken.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The demonstration is in this database.
    #[error(transparent)]
    Demonstration(TenantError),
    /// A MaxMind file cannot be used.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// Somebody asked for a stop. The same files again go on where it stopped.
    #[error("nothing was imported; the same files again go on from here")]
    Stopped(#[from] Cancelled),
}

impl From<ReadError> for SignInImportError {
    fn from(error: ReadError) -> Self {
        Self::Refused(error)
    }
}

/// What to import.
#[derive(Debug, Clone)]
pub struct SignInImport<'i> {
    /// The tenant; registered where it is unknown.
    pub tenant: TenantSlug,
    /// Files and folders.
    pub paths: Vec<PathBuf>,
    /// Whether to import what can be read although something is refused.
    pub keep_going: bool,
    /// Whether to read and check only, and to leave the store alone.
    pub dry_run: bool,
    /// How originals are kept.
    pub signins: &'i SignInsConfig,
    /// What addresses say.
    pub geoip: &'i GeoIpConfig,
}

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignInImportOutcome {
    /// Whether the tenant was registered by it.
    pub registered: bool,
    /// Sign-ins that were read.
    pub read: u64,
    /// Those that are new; absent after a dry run.
    pub added: Option<u64>,
    /// When the earliest new one happened.
    pub first_at: Option<Timestamp>,
    /// When the latest new one happened.
    pub last_at: Option<Timestamp>,
    /// Records that are no sign-ins, by what they call themselves.
    pub others: BTreeMap<String, u64>,
    /// What was refused, with the place; the first of it.
    pub refused: Vec<String>,
    /// How much was refused.
    pub refusals: u64,
    /// Blocks of originals that were older than they are to be kept.
    pub forgotten: usize,
}

/// Sign-ins that go to the store together.
const TOGETHER: usize = 4_096;

/// Reads files and folders of sign-in records and takes those that are new into the store. Nothing
/// counts before the last is in; stopped, it goes on where it was when the same files come again.
///
/// # Errors
/// [`SignInImportError`]; nothing of the import counts then.
pub fn import(
    store: &Store,
    request: &SignInImport<'_>,
    now: Timestamp,
    progress: &dyn Progress,
    cancellation: &Cancellation,
) -> Result<SignInImportOutcome, SignInImportError> {
    let tenants = store.tenants()?;
    if has_demonstration(&tenants) {
        return Err(SignInImportError::Demonstration(TenantError::Demonstration));
    }
    let known = tenants.iter().any(|tenant| tenant.slug == request.tenant);
    let geoip = request.geoip;
    let networks = NetworkFacts::open(geoip.asn_db.as_deref(), geoip.city_db.as_deref())?;
    let files = graph::sign_ins::files(&request.paths).map_err(SignInImportError::Path)?;
    let options = SignInOptions { keep_going: request.keep_going, limits: limits() };
    let size = files.iter().filter_map(|file| file.metadata().ok()).map(|found| found.len()).sum();
    let mut task = progress.begin("importing", Some(size));
    task.note(request.tenant.as_str());
    let mut current: Option<(PathBuf, u64)> = None;
    let mut each = |step: Step<'_>| {
        let before = match &current {
            Some((file, bytes)) if file == step.file => *bytes,
            _ => 0,
        };
        task.advance(step.bytes.saturating_sub(before));
        current = Some((step.file.to_owned(), step.bytes));
        !cancellation.is_cancelled()
    };
    if request.dry_run {
        let reading =
            read_sign_ins(&request.paths, &options, &mut each, |_| Ok::<_, SignInImportError>(()))?;
        cancellation.check()?;
        return Ok(outcome(reading));
    }
    let registration = if known {
        Registration::Kept
    } else {
        Registration::New(Box::new(Tenant::of_files(&request.tenant, now)))
    };
    let words = files.first().map_or_else(String::new, |first| match files.len() {
        1 => first.display().to_string(),
        more => format!("{} and {} more", first.display(), more - 1),
    });
    let fingerprint = fingerprint(&files, request.keep_going);
    let origin = SignInOrigin {
        tenant: &request.tenant,
        registration: &registration,
        words: &words,
        fingerprint: &fingerprint,
    };
    let mut arrival = store.begin_sign_ins(origin)?;
    let mut together = Vec::with_capacity(TOGETHER);
    let keeps = request.signins.raw_retention_days > 0;
    let reading = read_sign_ins(&request.paths, &options, &mut each, |record| {
        let mut sign_in = record.sign_in;
        networks.complete(&mut sign_in);
        together.push(ArrivingSignIn { sign_in, raw: keeps.then_some(record.raw) });
        if together.len() >= TOGETHER {
            arrival.add(std::mem::replace(&mut together, Vec::with_capacity(TOGETHER)))?;
        }
        Ok::<_, SignInImportError>(())
    })?;
    cancellation.check()?;
    arrival.add(together)?;
    cancellation.check()?;
    let mut outcome = outcome(reading);
    if outcome.read == 0 && !known {
        // Nothing to register a tenant for.
        return Ok(SignInImportOutcome { added: Some(0), ..outcome });
    }
    let taken = arrival.finish(now)?;
    outcome.registered = !known;
    outcome.added = Some(taken.added);
    (outcome.first_at, outcome.last_at) = (taken.first_at, taken.last_at);
    outcome.forgotten = forget(store, request.signins, now)?;
    Ok(outcome)
}

/// A record of more than this is no sign-in; a file may be as large as it likes, as it is never held.
fn limits() -> ReadLimits {
    ReadLimits { file_bytes: u64::MAX, object_bytes: 16 << 20 }
}

/// Lets the originals go that are older than they are to be kept.
fn forget(store: &Store, config: &SignInsConfig, now: Timestamp) -> Result<usize, StoreError> {
    let days = i64::from(config.raw_retention_days);
    let before = now.as_second().saturating_sub(days.saturating_mul(86_400));
    let before = Timestamp::from_second(before).unwrap_or(Timestamp::MIN);
    store.forget_raw_sign_ins(before)
}

fn outcome(reading: SignInReading) -> SignInImportOutcome {
    SignInImportOutcome {
        read: reading.read,
        others: reading.others,
        refused: reading.refused,
        refusals: reading.refusals,
        ..SignInImportOutcome::default()
    }
}

/// What tells these files from others: their names, sizes and times.
fn fingerprint(files: &[PathBuf], keep_going: bool) -> String {
    let mut told = format!("{keep_going}\n");
    for file in files {
        let path = std::fs::canonicalize(file).unwrap_or_else(|_| file.clone());
        let found = file.metadata().ok();
        let size = found.as_ref().map_or(0, std::fs::Metadata::len);
        let time = found.and_then(|found| found.modified().ok());
        let time = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let time = time.map_or(0, |time| time.as_nanos());
        told += &format!("{} {size} {time}\n", path.display());
    }
    sha256_hex(&[told.as_bytes()])
}

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
