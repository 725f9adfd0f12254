//! The folder, the modes of files, and the sidecar locks.
//!
//! Nothing here opens the database itself: closing any handle on it would let go of DuckDB's lock.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use crate::waiting::Waiting;
use crate::{StoreError, StoreSettings};

pub(crate) fn failed(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> StoreError {
    let path = path.to_owned();
    move |cause| StoreError::File { what, path, cause }
}

/// The refusal to write over a file.
pub(crate) fn taken(path: &Path) -> StoreError {
    failed("will not overwrite", path)(std::io::ErrorKind::AlreadyExists.into())
}

/// Modes of the folder and of files in it.
pub(crate) fn modes(settings: &StoreSettings) -> (u32, u32) {
    if settings.group.is_some() { (0o770, 0o660) } else { (0o700, 0o600) }
}

/// Makes the data folder, private from the start. One that is there keeps its mode: it may be
/// anybody's.
pub(crate) fn make_folder(settings: &StoreSettings) -> Result<(), StoreError> {
    make_folder_at(settings, &settings.folder, "cannot make the data folder")
}

/// Makes a folder of the store with the folder's mode.
pub(crate) fn make_folder_at(
    settings: &StoreSettings,
    folder: &Path,
    what: &'static str,
) -> Result<(), StoreError> {
    if folder.is_dir() {
        return Ok(());
    }
    let (mode, _) = modes(settings);
    DirBuilder::new().recursive(true).mode(mode).create(folder).map_err(failed(what, folder))?;
    own(settings, folder, mode)
}

/// Gives a file of the store its mode and group.
pub(crate) fn protect(settings: &StoreSettings, path: &Path) -> Result<(), StoreError> {
    let (_, mode) = modes(settings);
    if path.exists() { own(settings, path, mode) } else { Ok(()) }
}

/// Changes only what differs: a member of the group may use a file without owning it.
fn own(settings: &StoreSettings, path: &Path, mode: u32) -> Result<(), StoreError> {
    let now = fs::metadata(path).map_err(failed("cannot look at", path))?;
    if let Some(group) = &settings.group {
        let what = "cannot give to the configured group";
        let id = group_id(group).ok_or_else(|| {
            let text = format!("there is no group {group:?} in /etc/group");
            failed(what, path)(std::io::Error::new(std::io::ErrorKind::NotFound, text))
        })?;
        if now.gid() != id {
            std::os::unix::fs::chown(path, None, Some(id)).map_err(failed(what, path))?;
        }
    }
    if now.mode() & 0o777 != mode {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
            .map_err(failed("cannot set the mode of", path))?;
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
pub(crate) fn lock(
    settings: &StoreSettings,
    name: &str,
    waiting: &mut Waiting,
) -> Result<SidecarLock, StoreError> {
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
    // The process's mask may have taken the group's part away.
    own(settings, &path, mode)?;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) => waiting.pause(|| holder_of(&path))?,
            Err(TryLockError::Error(cause)) => return Err(failed("cannot lock", &path)(cause)),
        }
    }
    let exe = std::env::current_exe().ok();
    let exe = exe.as_deref().and_then(Path::file_name);
    let exe = exe.map_or_else(|| "cstack".into(), |name| name.to_string_lossy());
    // Only a courtesy to whoever waits: a failure to write it changes nothing.
    let _ = file.set_len(0);
    let told = format!("{exe} (pid {})\n", std::process::id());
    let _ = std::io::Write::write_all(&mut &file, told.as_bytes());
    Ok(SidecarLock { _file: file })
}

fn holder_of(path: &Path) -> String {
    let told = fs::read_to_string(path).unwrap_or_default();
    match told.trim() {
        "" => "another process".to_owned(),
        told => model::text::sanitize(told).into_owned(),
    }
}

/// The write-ahead log beside a database.
pub(crate) fn log_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".wal");
    PathBuf::from(name)
}

/// Moves a file to where there is none, across filesystems too; half a file is never left there.
pub(crate) fn move_file(from: &Path, to: &Path) -> Result<(), StoreError> {
    if to.exists() {
        return Err(taken(to));
    }
    if fs::rename(from, to).is_ok() {
        return Ok(());
    }
    if let Err(cause) = fs::copy(from, to) {
        let _ = fs::remove_file(to);
        return Err(failed("cannot write", to)(cause));
    }
    fs::remove_file(from).map_err(failed("cannot remove", from))
}

/// The kind of network filesystem a path lies on, where it does.
pub(crate) fn network_filesystem(path: &Path) -> Option<String> {
    let path = path.canonicalize().ok()?;
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    network_mount(&mounts, &path).map(str::to_owned)
}

fn network_mount<'m>(mounts: &'m str, path: &Path) -> Option<&'m str> {
    let mut innermost: Option<(String, &str)> = None;
    for line in mounts.lines() {
        let mut fields = line.split(' ').skip(1);
        let (Some(place), Some(kind)) = (fields.next(), fields.next()) else { continue };
        let place = place.replace("\\040", " ");
        // Of two mounts on one place, the later one hides the other.
        if path.starts_with(&place)
            && innermost.as_ref().is_none_or(|(inner, _)| place.len() >= inner.len())
        {
            innermost = Some((place, kind));
        }
    }
    let remote = ["nfs", "cifs", "smb", "fuse.sshfs", "9p", "ceph", "glusterfs", "fuse.glusterfs"];
    let (_, kind) = innermost?;
    remote.iter().any(|name| kind.starts_with(name)).then_some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_mount_tells_whether_a_path_lies_on_a_network() {
        let mounts = "/dev/vda / ext4 rw 0 0\nfiler:/x /srv/shared\\040data nfs4 rw 0 0\n\
                      /dev/vdb /srv/shared\\040data/local ext4 rw 0 0\n";
        let kind = |path: &str| network_mount(mounts, Path::new(path));
        assert_eq!(kind("/srv/shared data/cstack"), Some("nfs4"));
        assert_eq!(kind("/srv/shared data/local/cstack"), None);
        assert_eq!(kind("/var/lib/cstack"), None);
    }
}
