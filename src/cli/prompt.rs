//! Asking before something is lost.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use model::text::sanitize;
use ops::Cancellation;

use super::error::{CliError, Failure};

/// Asks a question that only `y` or `yes` answers in the affirmative.
pub(super) fn confirm(question: &str, cancellation: &Cancellation) -> Result<(), CliError> {
    if !io::stdin().is_terminal() {
        return Err(CliError::usage("this asks before it goes on, and nobody is here to answer")
            .remedy("add --yes"));
    }
    let mut stderr = io::stderr();
    write!(stderr, "{} [y/N] ", sanitize(question))?;
    stderr.flush()?;
    // Reading blocks, and would keep a signal from being seen; so it has a thread to itself.
    let (answer, wait) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        // If nobody waits any more, nobody needs the answer.
        let _ = answer.send(read.map(|_| line));
    });
    let line = loop {
        cancellation.check()?;
        match wait.recv_timeout(Duration::from_millis(50)) {
            Ok(line) => break line?,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break String::new(),
        }
    };
    match line.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(CliError::new(Failure::General, "nothing was changed")),
    }
}
