//! Where files are kept.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::environment::Environment;
use super::error::ConfigError;

/// The folders of this user, or of this service under systemd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The user's configuration.
    pub config: PathBuf,
    /// The system's configuration.
    pub system_config: PathBuf,
    /// The database.
    pub data: PathBuf,
    /// What a front end remembers between runs.
    pub state: PathBuf,
    /// What can be fetched again.
    pub cache: PathBuf,
    /// Log files.
    pub logs: PathBuf,
}

impl Places {
    /// The XDG folders; the folders that systemd gives a service stand over them.
    ///
    /// # Errors
    /// If no home folder is known and systemd gives none.
    pub fn find(environment: &Environment) -> Result<Self, ConfigError> {
        let user = directories::ProjectDirs::from("", "", "cstack");
        let given = |name: &str| {
            // systemd separates several with colons; the first is the unit's main one.
            let value = environment.get(name)?;
            value.split(':').next().filter(|path| !path.is_empty()).map(PathBuf::from)
        };
        let service_state = given("STATE_DIRECTORY");
        let of_user = |pick: fn(&directories::ProjectDirs) -> &Path| {
            user.as_ref().map(|dirs| pick(dirs).to_owned())
        };
        let data = service_state.clone().or_else(|| of_user(|dirs| dirs.data_dir()));
        let data = data.ok_or(ConfigError::NoHome)?;
        let state = service_state
            .or_else(|| of_user(|dirs| dirs.state_dir().unwrap_or(dirs.data_local_dir())))
            .unwrap_or_else(|| data.clone());
        let system_config =
            given("CONFIGURATION_DIRECTORY").unwrap_or_else(|| PathBuf::from("/etc/cstack"));
        Ok(Self {
            config: of_user(|dirs| dirs.config_dir()).unwrap_or_else(|| system_config.clone()),
            cache: given("CACHE_DIRECTORY")
                .or_else(|| of_user(|dirs| dirs.cache_dir()))
                .unwrap_or_else(|| data.join("cache")),
            logs: given("LOGS_DIRECTORY").unwrap_or_else(|| state.join("logs")),
            system_config,
            data,
            state,
        })
    }
}

/// Every path that matters, after configuration: what `cstack paths` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Paths {
    /// The user's configuration file.
    pub config_file: PathBuf,
    /// The system's configuration file.
    pub system_config_file: PathBuf,
    /// The MSP's own rules.
    pub rules_dir: PathBuf,
    /// The database file.
    pub database: PathBuf,
    /// The database's folder, with backups and exports.
    pub data_dir: PathBuf,
    /// What a front end remembers between runs.
    pub state_dir: PathBuf,
    /// What can be fetched again.
    pub cache_dir: PathBuf,
    /// Log files.
    pub log_dir: PathBuf,
}

impl Paths {
    /// The paths with their names, in the order in which people want them.
    pub fn named(&self) -> [(&'static str, &Path); 8] {
        [
            ("config-file", &self.config_file),
            ("system-config-file", &self.system_config_file),
            ("rules-dir", &self.rules_dir),
            ("database", &self.database),
            ("data-dir", &self.data_dir),
            ("state-dir", &self.state_dir),
            ("cache-dir", &self.cache_dir),
            ("log-dir", &self.log_dir),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_given_by_systemd_stand_over_the_users() -> Result<(), ConfigError> {
        let places = Places::find(&Environment::from([
            ("STATE_DIRECTORY", "/var/lib/cstack:/var/lib/other"),
            ("CACHE_DIRECTORY", "/var/cache/cstack"),
            ("LOGS_DIRECTORY", "/var/log/cstack"),
            ("CONFIGURATION_DIRECTORY", "/etc/cstack-test"),
        ]))?;
        assert_eq!(places.data, Path::new("/var/lib/cstack"));
        assert_eq!(places.state, Path::new("/var/lib/cstack"));
        assert_eq!(places.cache, Path::new("/var/cache/cstack"));
        assert_eq!(places.logs, Path::new("/var/log/cstack"));
        assert_eq!(places.system_config, Path::new("/etc/cstack-test"));
        Ok(())
    }
}
