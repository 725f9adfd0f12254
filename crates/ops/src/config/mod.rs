//! Configuration: its types, where it comes from, and who has the last word.
//!
//! From the strongest to the weakest: flags, `CSTACK_*` variables, the chosen profile, the user's
//! file, the system's file, defaults. Each value remembers which of them it came from.

mod audit;
mod decode;
mod environment;
mod error;
mod fault;
mod file;
mod keys;
mod load;
mod nearest;
mod paths;
mod reference;
mod settings;
mod show;
mod size;
mod template;
#[cfg(test)]
mod tests;
mod tree;

pub use audit::{
    AppSegment, AuditConfig, AuditOverrides, Expected, ResourceExclusion, UserSegment,
};
pub use environment::Environment;
pub use error::ConfigError;
pub use keys::{Key, environment_keys};
pub use load::{LoadRequest, Loaded, Override, check_file, load};
pub use nearest::nearest;
pub use paths::{Paths, Places};
pub use reference::reference_markdown;
pub use settings::{
    ColourChoice, Config, FileConfig, GeoIpConfig, LogConfig, LogFormat, LogLevel, MlConfig,
    MlflowConfig, OutputConfig, OutputFormat, SignInsConfig, SourceConfig, StoreConfig, Topology,
};
pub use show::Setting;
pub use size::ByteSize;
pub use template::template;
pub use tree::Origin;

/// The JSON Schema of a configuration file.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(FileConfig)
}
