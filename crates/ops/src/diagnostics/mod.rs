//! Logging: one line an event, with the run's id on each, to standard error or a file.

mod colour;
mod line;
mod run_id;

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Mutex;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, Registry};

use crate::config::{LogFormat, LogLevel};

pub use colour::{Stream, use_colour};
pub use run_id::RunId;

/// How to log.
#[derive(Debug, Clone)]
pub struct LogSettings {
    /// The least level of our own events. Libraries are heard from `warn` on, or from this level
    /// where it is stricter.
    pub level: LogLevel,
    /// Text or JSON.
    pub format: LogFormat,
    /// A file to append to; standard error otherwise.
    pub file: Option<PathBuf>,
    /// Whether text may be coloured; never in a file.
    pub colour: bool,
    /// The id on every line.
    pub run_id: RunId,
}

/// Why logging cannot start.
#[derive(Debug, thiserror::Error)]
pub enum DiagnosticsError {
    /// The log file cannot be opened.
    #[error("cannot append to the log file {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// Somebody has already started it.
    #[error("logging has already been started in this process")]
    Started,
}

/// Starts logging for the whole process.
///
/// # Errors
/// If the log file cannot be opened, or logging runs already.
pub fn start(settings: LogSettings) -> Result<(), DiagnosticsError> {
    if settings.level == LogLevel::Off {
        return Ok(());
    }
    let (sink, colour): (Box<dyn Write + Send>, bool) = match settings.file {
        Some(path) => (open(path)?, false),
        None => (Box::new(io::stderr()), settings.colour),
    };
    let filter = filter(settings.level);
    let lines = line::Lines {
        sink: Mutex::new(sink),
        format: settings.format,
        colour,
        run_id: settings.run_id,
    };
    Registry::default()
        .with(lines.with_filter(filter))
        .try_init()
        .map_err(|_| DiagnosticsError::Started)
}

fn open(path: PathBuf) -> Result<Box<dyn Write + Send>, DiagnosticsError> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // Logs name people: private by default, like the database.
        options.mode(0o600);
    }
    match options.open(&path) {
        Ok(file) => Ok(Box::new(file)),
        Err(source) => Err(DiagnosticsError::File { path, source }),
    }
}

fn filter(level: LogLevel) -> Targets {
    let ours = match level {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    Targets::new().with_default(ours.min(LevelFilter::WARN)).with_target("cstack", ours)
}
