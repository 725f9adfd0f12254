//! Progress bars on standard error.

use std::sync::Arc;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use model::text::sanitize;
use ops::progress::{Progress, Silent, Task};

/// Bars, if somebody sits before them.
pub(super) fn listener(wanted: bool) -> Arc<dyn Progress> {
    if wanted { Arc::new(Bars(MultiProgress::new())) } else { Arc::new(Silent) }
}

struct Bars(MultiProgress);

struct Bar(ProgressBar);

/// Steps beyond which their number is not shown.
const MANY: u64 = 100_000;

impl Progress for Bars {
    fn begin(&self, label: &str, total: Option<u64>) -> Box<dyn Task> {
        let (bar, template) = match total {
            // So many steps are bytes or the like: a share says more than the number.
            Some(total) if total >= MANY => {
                (ProgressBar::new(total), "{prefix} {bar:24} {percent:>3}%  {eta} left  {wide_msg}")
            }
            Some(total) => (ProgressBar::new(total), "{prefix} {bar:24} {pos}/{len} {wide_msg}"),
            None => (ProgressBar::new_spinner(), "{prefix} {spinner} {pos} {wide_msg}"),
        };
        // A template that cannot be read leaves indicatif's own.
        let style = ProgressStyle::with_template(template);
        let bar = match style {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        };
        let bar = self.0.add(bar.with_prefix(sanitize(label).into_owned()));
        bar.enable_steady_tick(Duration::from_millis(100));
        Box::new(Bar(bar))
    }
}

impl Task for Bar {
    fn advance(&mut self, steps: u64) {
        self.0.inc(steps);
    }

    fn note(&mut self, text: &str) {
        self.0.set_message(sanitize(text).into_owned());
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
