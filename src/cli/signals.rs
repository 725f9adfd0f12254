//! SIGINT and SIGTERM: the first asks work to stop, the second stops it.

use std::io;

use ops::Cancellation;

/// Hands signals to the cancellation.
#[cfg(unix)]
pub(super) fn watch(cancellation: &Cancellation) -> io::Result<()> {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::flag;

    for signal in [SIGINT, SIGTERM] {
        let asked = Arc::new(AtomicBool::new(false));
        // In this order: the signal that sets the flag finds it still unset.
        flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&asked))?;
        flag::register(signal, asked)?;
        let number = usize::try_from(signal).unwrap_or_default();
        flag::register_usize(signal, cancellation.signal_word(), number)?;
    }
    Ok(())
}

/// Elsewhere the system ends the process.
#[cfg(not(unix))]
pub(super) fn watch(_: &Cancellation) -> io::Result<()> {
    Ok(())
}
