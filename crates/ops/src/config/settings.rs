//! What can be configured.

use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::path::PathBuf;

use model::tenant::TenantSlug;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::audit::AuditConfig;
use super::size::ByteSize;

/// Everything cstack can be told, after all layers are merged.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Config {
    /// The local database.
    pub store: StoreConfig,
    /// What is logged, how, and where to.
    pub log: LogConfig,
    /// How results are written.
    pub output: OutputConfig,
    /// Which rules apply and with what thresholds.
    pub audit: AuditConfig,
    /// Sign-ins.
    pub signins: SignInsConfig,
    /// What addresses say of networks and places.
    pub geoip: GeoIpConfig,
    /// Anomalous sign-ins: models and alerts.
    pub ml: MlConfig,
    /// The MLflow server that models are mirrored to.
    pub mlflow: MlflowConfig,
    /// Import sources of each tenant, by its slug: what `cstack run` reads.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, SourceConfig>")]
    pub sources: BTreeMap<TenantSlug, SourceConfig>,
}

/// A configuration file: the settings, and named profiles that override them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct FileConfig {
    /// The local database.
    pub store: StoreConfig,
    /// What is logged, how, and where to.
    pub log: LogConfig,
    /// How results are written.
    pub output: OutputConfig,
    /// Which rules apply and with what thresholds.
    pub audit: AuditConfig,
    /// Sign-ins.
    pub signins: SignInsConfig,
    /// What addresses say of networks and places.
    pub geoip: GeoIpConfig,
    /// Anomalous sign-ins: models and alerts.
    pub ml: MlConfig,
    /// The MLflow server that models are mirrored to.
    pub mlflow: MlflowConfig,
    /// Import sources of each tenant, by its slug: what `cstack run` reads.
    #[schemars(with = "BTreeMap<String, SourceConfig>")]
    pub sources: BTreeMap<TenantSlug, SourceConfig>,
    /// The same sections again under a name, laid over the rest by `--profile NAME`.
    pub profile: BTreeMap<String, Config>,
}

/// `[store]`: the local database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct StoreConfig {
    /// The database file; its folder also holds backups and exports. By default `cstack.duckdb`
    /// in the data folder that `cstack paths` names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// A group of the operating system that shares the database (files 0660 in a 0770 folder).
    /// Without one, only the owner can read it (0600 in 0700).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The most memory DuckDB may use, such as `512MiB` or `2GiB`.
    pub memory_limit: ByteSize,
    /// The number of threads DuckDB may use.
    pub threads: NonZeroU16,
    /// Seconds to wait for the database while another process writes, before exit code 75.
    pub lock_wait: u32,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            path: None,
            group: None,
            memory_limit: ByteSize::gibibytes(1),
            threads: NonZeroU16::MIN.saturating_add(1),
            lock_wait: 10,
        }
    }
}

/// `[log]`: what is logged, how, and where to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct LogConfig {
    /// The least level that is logged.
    pub level: LogLevel,
    /// One line of text or one JSON object for each event.
    pub format: LogFormat,
    /// A file to append to instead of standard error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
}

/// How much is logged.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// What went wrong.
    Error,
    /// What looks wrong.
    #[default]
    Warn,
    /// What happens.
    Info,
    /// Why it happens.
    Debug,
    /// Each step.
    Trace,
}

/// The shape of a log line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines: one object a line.
    Json,
}

/// `[output]`: how results are written.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct OutputConfig {
    /// Whether results are coloured.
    pub color: ColourChoice,
    /// The format of results where a command knows several.
    pub format: OutputFormat,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ColourChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The format of a command's results.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OutputFormat {
    /// For people at a terminal.
    #[default]
    Table,
    /// For programs.
    Json,
    /// For spreadsheets.
    Csv,
    /// Markdown, for tickets.
    Md,
    /// JSON, one object a line.
    Ndjson,
    /// SARIF 2.1.0, for code-scanning tools.
    Sarif,
}

/// `[signins]`: sign-ins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct SignInsConfig {
    /// Days after their import that original records are kept, compressed, beside what was read
    /// from them; 0 keeps none.
    pub raw_retention_days: u16,
}

impl Default for SignInsConfig {
    fn default() -> Self {
        Self { raw_retention_days: 30 }
    }
}

/// `[geoip]`: what addresses say of networks and places.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct GeoIpConfig {
    /// A MaxMind file of autonomous systems (GeoLite2-ASN.mmdb or the like).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asn_db: Option<PathBuf>,
    /// A MaxMind file of places (GeoLite2-City.mmdb or the like).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city_db: Option<PathBuf>,
}

/// `[ml]`: anomalous sign-ins, models and alerts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct MlConfig {
    /// Alerts that a thousand users may cause in a day when nobody attacks; what thresholds are
    /// set by.
    pub alerts_per_thousand_user_days: f32,
    /// Days of sign-ins, back from the newest, that a training looks at; fewer where there are
    /// fewer.
    pub lookback_days: u16,
    /// Whether administrators at hours that are not theirs, from networks that are not theirs, are
    /// told.
    pub off_hours_admin_enabled: bool,
    /// Days for which a verdict of false positive lowers what resembles it.
    pub pardon_days: u16,
    /// Whether all accounts share one forest, or each that has enough sign-ins has its own.
    pub training_topology: Topology,
    /// Sign-ins from which on an account has a forest of its own, where accounts have.
    pub min_per_user_samples: u32,
}

/// Whose sign-ins a forest is grown from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Topology {
    /// One forest for the tenant.
    #[default]
    Pooled,
    /// One for each account with enough sign-ins; the tenant's for all others.
    PerUser,
}

impl Default for MlConfig {
    fn default() -> Self {
        Self {
            alerts_per_thousand_user_days: 0.5,
            lookback_days: 60,
            off_hours_admin_enabled: false,
            pardon_days: 90,
            training_topology: Topology::Pooled,
            min_per_user_samples: 1_000,
        }
    }
}

/// `[mlflow]`: where models are mirrored to. Credentials come from `MLFLOW_TRACKING_TOKEN`, or
/// `MLFLOW_TRACKING_USERNAME` and `MLFLOW_TRACKING_PASSWORD`, and from nowhere else.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct MlflowConfig {
    /// Address of an MLflow tracking server; models are mirrored to none where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracking_uri: Option<String>,
}

/// `[sources.<tenant>]`: where a tenant's exports are found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct SourceConfig {
    /// Files and folders of exports. Relative ones are taken from the configuration file's folder.
    pub paths: Vec<PathBuf>,
    /// Whether the exports are a part only: objects they lack are then kept, not retired.
    pub partial: bool,
}
