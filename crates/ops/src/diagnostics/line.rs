//! The layer that writes a line for each event.

use std::fmt::{self, Write as _};
use std::io::Write;
use std::sync::Mutex;

use jiff::{Timestamp, Unit};
use model::text::sanitize;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::run_id::RunId;
use crate::config::LogFormat;

/// Writes each event as one line, with the fields of the spans around it.
pub(super) struct Lines {
    pub(super) sink: Mutex<Box<dyn Write + Send>>,
    pub(super) format: LogFormat,
    pub(super) colour: bool,
    pub(super) run_id: RunId,
}

/// Names that the line itself gives; a field of such a name would hide it.
const RESERVED: [&str; 5] = ["time", "level", "run", "target", "message"];

impl Lines {
    fn json(&self, time: Timestamp, event: &Event<'_>, fields: Fields) -> String {
        let metadata = event.metadata();
        let mut line = Map::new();
        line.insert("time".into(), time.to_string().into());
        line.insert("level".into(), metadata.level().as_str().to_lowercase().into());
        line.insert("run".into(), self.run_id.to_string().into());
        line.insert("target".into(), metadata.target().into());
        line.insert("message".into(), fields.message.into());
        for (name, value) in fields.others {
            let name = if RESERVED.contains(&name.as_str()) { format!("{name}_") } else { name };
            line.insert(name, value);
        }
        Value::Object(line).to_string()
    }

    fn text(&self, time: Timestamp, event: &Event<'_>, fields: &Fields) -> String {
        let metadata = event.metadata();
        let level = *metadata.level();
        let (on, off) = if self.colour { (colour(level), "\u{1b}[0m") } else { ("", "") };
        let mut line = format!(
            "{time} {on}{level:>5}{off} run={} {}: {}",
            self.run_id,
            metadata.target(),
            fields.message
        );
        for (name, value) in &fields.others {
            // Writing to a String cannot fail.
            let _ = write!(line, " {name}={value}");
        }
        line
    }
}

fn colour(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\u{1b}[31m",
        Level::WARN => "\u{1b}[33m",
        Level::INFO => "\u{1b}[32m",
        _ => "\u{1b}[2m",
    }
}

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Lines {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(outer) = span.extensions().get::<Fields>() {
                for (name, value) in &outer.others {
                    fields.others.entry(name.clone()).or_insert_with(|| value.clone());
                }
            }
        }
        event.record(&mut fields);
        let now = Timestamp::now();
        let time = now.round(Unit::Millisecond).unwrap_or(now);
        let mut line = match self.format {
            LogFormat::Json => self.json(time, event, fields),
            LogFormat::Text => self.text(time, event, &fields),
        };
        line.push('\n');
        // A log that cannot be written must not stop the work it tells of.
        if let Ok(mut sink) = self.sink.lock() {
            let _ = sink.write_all(line.as_bytes());
        }
    }
}

/// The fields of an event or span, made safe to show.
#[derive(Debug, Default)]
struct Fields {
    message: String,
    others: Map<String, Value>,
}

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        self.others.insert(field.name().to_owned(), value);
    }

    fn put_text(&mut self, field: &Field, text: &str) {
        let text = sanitize(text).into_owned();
        if field.name() == "message" {
            self.message = text;
        } else {
            self.put(field, text.into());
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put_text(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put_text(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, run_id: RunId, work: impl FnOnce()) -> String {
        let page = Page::default();
        let lines =
            Lines { sink: Mutex::new(Box::new(page.clone())), format, colour: false, run_id };
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), work);
        String::from_utf8(page.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn every_line_carries_the_run_and_the_fields_of_the_spans_around_it() {
        let run = RunId::now();
        let text = logged(LogFormat::Json, run, || {
            let span = tracing::info_span!("audit", tenant = "contoso");
            span.in_scope(|| tracing::info!(findings = 3, "audited"));
            tracing::warn!("alone");
        });
        let lines: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|line| line["run"] == run.to_string()));
        assert_eq!(lines[0]["tenant"], "contoso");
        assert_eq!(lines[0]["findings"], 3);
        assert_eq!(lines[0]["message"], "audited");
        assert_eq!(lines[1]["level"], "warn");
        assert!(lines[1].get("tenant").is_none());
    }

    #[test]
    fn foreign_text_cannot_steer_the_terminal_or_forge_a_line() {
        let text = logged(LogFormat::Text, RunId::now(), || {
            tracing::warn!(user = "eve\u{1b}[2J\nERROR forged", "name \u{202e}read");
        });
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
    }

    #[test]
    fn a_field_cannot_hide_what_the_line_itself_says() {
        let text = logged(LogFormat::Json, RunId::now(), || {
            tracing::info!(run = "forged", "real");
        });
        let line: Value = serde_json::from_str(&text).unwrap();
        assert_ne!(line["run"], "forged");
        assert_eq!(line["run_"], "forged");
    }
}
