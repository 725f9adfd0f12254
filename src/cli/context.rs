//! What every subcommand is handed.

use std::io::{self, IsTerminal as _};
use std::sync::Arc;

use super::remark::remark;
use jiff::Timestamp;
use model::text::sanitize;
use ops::Cancellation;
use ops::config::{Config, ConfigError, Environment, LoadRequest, Loaded, Paths, Places};
use ops::diagnostics::{LogSettings, RunId, Stream, start, use_colour};
use ops::progress::Progress;

use super::error::CliError;
use super::globals::Globals;
use super::output::Output;
use super::{progress, prompt};

/// The configuration, the sink for results, and the means to tell progress and to be stopped.
pub struct Context {
    loaded: Loaded,
    request: LoadRequest,
    output: Output,
    progress: Arc<dyn Progress>,
    cancellation: Cancellation,
    run_id: RunId,
    quiet: bool,
}

impl Context {
    /// Loads the configuration and starts logging. Opens no database.
    pub(super) fn open(
        globals: Globals,
        environment: Environment,
        cancellation: Cancellation,
        lenient: bool,
    ) -> Result<Self, CliError> {
        let places = Places::find(&environment)?;
        let request = LoadRequest {
            overrides: globals.overrides()?,
            file: globals.config,
            profile: globals.profile,
            environment,
            places,
        };
        let loaded = match ops::config::load(&request) {
            Ok(loaded) => loaded,
            Err(_) if lenient => Loaded::defaults(&request.places),
            Err(problem) => return Err(problem.into()),
        };
        let choice = loaded.config.output.color;
        let coloured = |terminal: bool| {
            let stream = if terminal { Stream::Terminal } else { Stream::Other };
            use_colour(choice, &request.environment, stream)
        };
        let run_id = RunId::now();
        let on_terminal = io::stderr().is_terminal();
        start(LogSettings {
            level: loaded.config.log.level,
            format: loaded.config.log.format,
            file: loaded.config.log.file.clone(),
            colour: coloured(on_terminal),
            run_id,
        })?;
        let context = Self {
            output: Output {
                format: loaded.config.output.format,
                colour: coloured(globals.output.is_none() && io::stdout().is_terminal()),
                file: globals.output,
            },
            progress: progress::listener(on_terminal && !globals.quiet),
            quiet: globals.quiet,
            loaded,
            request,
            cancellation,
            run_id,
        };
        tracing::debug!(
            version = env!("CARGO_PKG_VERSION"),
            files = context.loaded.files.len(),
            profile = context.loaded.profile.as_deref().unwrap_or("none"),
            "configuration loaded"
        );
        for warning in &context.loaded.warnings {
            context.remark(&format!("warning: {warning}"));
        }
        Ok(context)
    }

    /// The configuration in force.
    pub fn config(&self) -> &Config {
        &self.loaded.config
    }

    /// Where files are kept.
    pub fn paths(&self) -> &Paths {
        &self.loaded.paths
    }

    /// The configuration with its origins, loaded anew: a command that works beside a broken one
    /// learns here what is wrong with it.
    pub(super) fn reload(&self) -> Result<Loaded, ConfigError> {
        ops::config::load(&self.request)
    }

    /// The sink for results.
    pub fn output(&self) -> &Output {
        &self.output
    }

    /// Whom operations tell how far they are.
    pub fn progress(&self) -> Arc<dyn Progress> {
        Arc::clone(&self.progress)
    }

    /// The wish to stop, which SIGINT and SIGTERM utter.
    pub fn cancellation(&self) -> &Cancellation {
        &self.cancellation
    }

    /// The id on every log line of this process.
    pub fn run_id(&self) -> RunId {
        self.run_id
    }

    /// The time. Operations take it as an argument; only the edge reads the clock.
    pub fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    /// The name recorded with what the user decides, as claimed.
    pub fn actor(&self) -> String {
        ["CSTACK_ACTOR", "LOGNAME", "USER"]
            .into_iter()
            .find_map(|name| self.request.environment.get(name).map(str::to_owned))
            .or_else(login_name)
            .map_or_else(|| "unknown".to_owned(), |name| sanitize(&name).into_owned())
    }

    /// A remark on standard error, unless `--quiet`.
    pub fn remark(&self, text: &str) {
        if !self.quiet {
            remark(text);
        }
    }

    /// Asks before something is lost; `yes` answers in advance.
    ///
    /// # Errors
    /// If the answer is no, or nobody can answer.
    pub fn confirm(&self, question: &str, yes: bool) -> Result<(), CliError> {
        if yes { Ok(()) } else { prompt::confirm(question, &self.cancellation) }
    }
}
/// The name that the system has for who runs this, where the environment tells none (cron, systemd).
#[cfg(unix)]
fn login_name() -> Option<String> {
    nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten().map(|user| user.name)
}

#[cfg(not(unix))]
fn login_name() -> Option<String> {
    None
}
