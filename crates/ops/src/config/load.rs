//! Laying the layers over each other.

use std::path::{Path, PathBuf};

use super::decode::decode;
use super::environment::Environment;
use super::error::ConfigError;
use super::file;
use super::nearest::nearest;
use super::paths::{Paths, Places};
use super::settings::{Config, FileConfig};
use super::tree::{Node, Origin, Value};

/// A setting given by a flag.
#[derive(Debug, Clone)]
pub struct Override {
    /// The setting's section and name.
    pub place: [&'static str; 2],
    /// Its value, as text.
    pub value: String,
    /// The flag.
    pub flag: &'static str,
}

/// What to load from.
#[derive(Debug, Clone)]
pub struct LoadRequest {
    /// A file in the place of the user's; it must exist.
    pub file: Option<PathBuf>,
    /// The profile to lay over the files.
    pub profile: Option<String>,
    /// Settings given by flags.
    pub overrides: Vec<Override>,
    /// The environment.
    pub environment: Environment,
    /// The folders.
    pub places: Places,
}

/// A configuration that can be used, and how it came about.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// The paths that follow from them.
    pub paths: Paths,
    /// The profile in force.
    pub profile: Option<String>,
    /// The files that were read, the weakest first.
    pub files: Vec<PathBuf>,
    /// What the user should know although it stops nothing.
    pub warnings: Vec<String>,
    pub(super) tree: Node,
}

/// Merges all layers.
///
/// # Errors
/// If a file cannot be read or says something that has no meaning, or a value of any layer cannot
/// be used.
pub fn load(request: &LoadRequest) -> Result<Loaded, ConfigError> {
    let env = &request.environment;
    let named = request.file.clone().or_else(|| env.get("CSTACK_CONFIG").map(PathBuf::from));
    let profile = request.profile.clone().or_else(|| env.get("CSTACK_PROFILE").map(str::to_owned));
    let places = &request.places;
    let system_file = places.system_config.join("config.toml");
    let user_file = named.clone().unwrap_or_else(|| places.config.join("config.toml"));

    let mut tree = defaults(places);
    let mut profiles = Profiles::of(profile.as_deref());
    let mut files = Vec::new();
    let mut read = |path: &Path, must_exist: bool, tree: &mut Node| match file::read(path)? {
        Some(layer) => {
            files.push(path.to_owned());
            profiles.lay(layer, tree)
        }
        None if must_exist => Err(ConfigError::Unreadable {
            path: path.to_owned(),
            source: std::io::ErrorKind::NotFound.into(),
        }),
        None => Ok(()),
    };
    if system_file != user_file {
        read(&system_file, false, &mut tree)?;
    }
    read(&user_file, named.is_some(), &mut tree)?;
    profiles.check()?;

    let (layer, warnings) = env.layer();
    tree.overlay(layer);
    for given in &request.overrides {
        let place = given.place.map(str::to_owned);
        tree.set(&place, Node::text(&given.value, Origin::Flag(given.flag)));
    }
    let config: Config = decode(&tree)?;
    let paths = paths(&config, places, user_file, system_file);
    Ok(Loaded { config, paths, profile, files, warnings, tree })
}

impl Loaded {
    /// What holds when nobody says anything: for commands that must work beside a broken file.
    pub fn defaults(places: &Places) -> Self {
        let config = Config::default();
        let paths = paths(
            &config,
            places,
            places.config.join("config.toml"),
            places.system_config.join("config.toml"),
        );
        let tree = defaults(places);
        Self { config, paths, profile: None, files: Vec::new(), warnings: Vec::new(), tree }
    }
}

/// Checks one file by itself, with all its profiles.
///
/// # Errors
/// The first thing wrong with it.
pub fn check_file(path: &Path) -> Result<(), ConfigError> {
    let tree = file::read(path)?.ok_or_else(|| ConfigError::Unreadable {
        path: path.to_owned(),
        source: std::io::ErrorKind::NotFound.into(),
    })?;
    decode::<FileConfig>(&tree).map(|_| ())
}

fn defaults(places: &Places) -> Node {
    let json = serde_json::to_value(Config::default()).unwrap_or_default();
    let mut tree = Node::from_json(&json).unwrap_or_else(|| Node::table(Origin::Default));
    let database = places.data.join("cstack.duckdb");
    let node = Node::text(database.to_string_lossy(), Origin::Default);
    tree.set(&["store".to_owned(), "path".to_owned()], node);
    tree
}

fn paths(config: &Config, places: &Places, user_file: PathBuf, system_file: PathBuf) -> Paths {
    let database = config.store.path.clone();
    let database = database.unwrap_or_else(|| places.data.join("cstack.duckdb"));
    let beside_config = user_file.parent().unwrap_or(&places.config).join("rules");
    Paths {
        rules_dir: config.audit.rules_dir.clone().unwrap_or(beside_config),
        data_dir: database.parent().map_or_else(|| places.data.clone(), Path::to_owned),
        database,
        config_file: user_file,
        system_config_file: system_file,
        state_dir: places.state.clone(),
        cache_dir: places.cache.clone(),
        log_dir: places.logs.clone(),
    }
}

/// The profiles seen on the way, and the one that was asked for.
struct Profiles<'r> {
    wanted: Option<&'r str>,
    found: bool,
    known: Vec<String>,
}

impl<'r> Profiles<'r> {
    fn of(wanted: Option<&'r str>) -> Self {
        Self { wanted, found: false, known: Vec::new() }
    }

    /// Lays a file over the tree, and then its profile. The whole file is checked, so that a slip
    /// in a profile shows before the night it is needed.
    fn lay(&mut self, mut layer: Node, tree: &mut Node) -> Result<(), ConfigError> {
        decode::<FileConfig>(&layer)?;
        let profiles = layer.take("profile");
        tree.overlay(layer);
        if let Some(Node { value: Value::Table(profiles), .. }) = profiles {
            for (name, profile) in profiles {
                if self.wanted == Some(name.as_str()) {
                    self.found = true;
                    tree.overlay(profile);
                }
                self.known.push(name);
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<(), ConfigError> {
        match self.wanted {
            Some(name) if !self.found => Err(ConfigError::UnknownProfile {
                name: name.to_owned(),
                known: self.known.clone(),
                nearest: nearest(name, self.known.iter().map(String::as_str)).map(Box::from),
            }),
            _ => Ok(()),
        }
    }
}
