//! The folder, the file's mode, and the sidecar locks.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::{StoreError, StoreSettings};

pub(crate) fn failed(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::File { what, path, source }
}

/// Modes of the folder and of files in it.
fn modes(settings: &StoreSettings) -> (u32, u32) {
    if settings.group.is_some() { (0o770, 0o660) } else { (0o700, 0o600) }
}

/// Makes the folder, private from the start.
pub(crate) fn make_folder(settings: &StoreSettings) -> Result<(), StoreError> {
    let (mode, _) = modes(settings);
    let folder = &settings.folder;
    if folder.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(folder)
        .map_err(failed("cannot make the data folder", folder))?;
    own(settings, folder, mode)
}

/// Gives a file of the store its mode and group.
pub(crate) fn protect(settings: &StoreSettings, path: &Path) -> Result<(), StoreError> {
    let (_, mode) = modes(settings);
    if path.exists() { own(settings, path, mode) } else { Ok(()) }
}

fn own(settings: &StoreSettings, path: &Path, mode: u32) -> Result<(), StoreError> {
    let now = fs::metadata(path).map_err(failed("cannot look at", path))?.permissions();
    if now.mode() & 0o777 != mode {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
            .map_err(failed("cannot set the mode of", path))?;
    }
    if let Some(group) = &settings.group {
        let id = group_id(group).ok_or_else(|| StoreError::File {
            what: "cannot give to the configured group",
            path: path.to_owned(),
            source: std::io::Error::new(
                std::io::ErrorKind::NotFound,
                format!("there is no group {group:?} in /etc/group"),
            ),
        })?;
        std::os::unix::fs::chown(path, None, Some(id))
            .map_err(failed("cannot give to the configured group", path))?;
    }
    Ok(())
}

fn group_id(name: &str) -> Option<u32> {
    let groups = fs::read_to_string("/etc/group").ok()?;
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(name)).then(|| fields.nth(1)?.parse().ok()).flatten()
    })
}

/// A sidecar lock; let go when dropped.
#[derive(Debug)]
pub(crate) struct SidecarLock {
    _file: File,
}

/// Waits for a sidecar lock. The holder writes its process into the file, for messages.
pub(crate) fn lock(settings: &StoreSettings, name: &str) -> Result<SidecarLock, StoreError> {
    let path = settings.folder.join(name);
    let (_, mode) = modes(settings);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(mode)
        .open(&path)
        .map_err(failed("cannot open the lock file", &path))?;
    let deadline = Instant::now() + settings.lock_wait;
    let mut pause = Pause::new();
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => pause.wait(),
            Err(TryLockError::WouldBlock) => {
                let holder = fs::read_to_string(&path).unwrap_or_default();
                let holder = model::text::sanitize(holder.trim()).into_owned();
                return Err(StoreError::Busy {
                    path: settings.path(),
                    holder: if holder.is_empty() { "another process".into() } else { holder },
                });
            }
            Err(TryLockError::Error(source)) => {
                return Err(failed("cannot lock", &path)(source));
            }
        }
    }
    let name = std::env::current_exe().ok();
    let name = name
        .as_deref()
        .and_then(Path::file_name)
        .map_or_else(|| "cstack".to_owned(), |n| n.to_string_lossy().into_owned());
    // Only a courtesy to whoever waits: a failure to write it changes nothing.
    let _ = file.set_len(0);
    let _ = std::io::Write::write_all(
        &mut &file,
        format!("{name} (pid {})\n", std::process::id()).as_bytes(),
    );
    Ok(SidecarLock { _file: file })
}

/// Full-jitter back-off: from 5 to 250 milliseconds.
pub(crate) struct Pause {
    ceiling: u64,
    state: u64,
}

impl Pause {
    pub(crate) fn new() -> Self {
        let seed = u64::from(std::process::id())
            ^ uuid::Uuid::now_v7()
                .as_u128()
                .to_le_bytes()
                .iter()
                .fold(0, |s, b| s << 5 ^ s >> 3 ^ u64::from(*b));
        Self { ceiling: 5, state: seed | 1 }
    }

    pub(crate) fn wait(&mut self) {
        // xorshift64: spreads waiters, nothing more is asked of it.
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        std::thread::sleep(Duration::from_millis(1 + self.state % self.ceiling));
        self.ceiling = (self.ceiling * 2).min(250);
    }
}

/// The write-ahead log beside a database.
pub(crate) fn log_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".wal");
    PathBuf::from(name)
}
