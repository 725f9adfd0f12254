//! Where results go: standard output, or a file that appears whole.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use ops::config::OutputFormat;
use serde::Serialize;

use super::error::{CliError, Explain as _};

/// The sink of a command's results. Nothing else may write to standard output.
#[derive(Debug, Clone)]
pub struct Output {
    pub(super) format: OutputFormat,
    pub(super) file: Option<PathBuf>,
    pub(super) colour: bool,
}

impl Output {
    /// The format asked for.
    ///
    /// # Errors
    /// If the command does not know it.
    pub fn format_among(&self, known: &[OutputFormat]) -> Result<OutputFormat, CliError> {
        if known.contains(&self.format) {
            return Ok(self.format);
        }
        let known: Vec<_> = known.iter().map(|format| name(*format)).collect();
        Err(CliError::usage(format!("this command does not write {}", name(self.format)))
            .remedy(format!("use --format {}", known.join(", "))))
    }

    /// Whether to colour.
    pub fn colour(&self) -> bool {
        self.colour
    }

    /// Writes a text.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, text: &str) -> Result<(), CliError> {
        self.write_with(|sink| sink.write_all(text.as_bytes()))
    }

    /// Writes a value as indented JSON and a line break.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_json(&self, value: &impl Serialize) -> Result<(), CliError> {
        self.write_with(|sink| {
            serde_json::to_writer_pretty(&mut *sink, value)?;
            sink.write_all(b"\n")
        })
    }

    /// Writes piece by piece. A file takes its place only after `produce` has succeeded.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_with(
        &self,
        produce: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), CliError> {
        let Some(path) = &self.file else {
            let mut sink = BufWriter::new(io::stdout().lock());
            produce(&mut sink)?;
            return Ok(sink.flush()?);
        };
        to_file(path, produce).explain(format!("cannot write {}", path.display()))
    }
}

fn to_file(path: &Path, produce: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    // A pipe or a device is written into; only a regular file can be replaced. A link stays one.
    let target = match fs::canonicalize(path) {
        Ok(target) => target,
        Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
        Err(error) => return Err(error),
    };
    if fs::metadata(&target).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        let mut sink = BufWriter::new(fs::OpenOptions::new().write(true).open(&target)?);
        produce(&mut sink)?;
        return sink.flush();
    }
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    // Readable by its owner alone, as results name people.
    let mut draft = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    let mut sink = BufWriter::new(draft.as_file_mut());
    produce(&mut sink)?;
    sink.flush()?;
    drop(sink);
    draft.as_file().sync_all()?;
    draft.persist(&target).map_err(|error| error.error)?;
    Ok(())
}

fn name(format: OutputFormat) -> &'static str {
    match format {
        OutputFormat::Table => "table",
        OutputFormat::Json => "json",
        OutputFormat::Csv => "csv",
        OutputFormat::Md => "md",
        OutputFormat::Ndjson => "ndjson",
        OutputFormat::Sarif => "sarif",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(path: PathBuf) -> Output {
        Output { format: OutputFormat::Table, file: Some(path), colour: false }
    }

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.txt");
        fs::write(&path, "old").unwrap();

        let failed = to(path.clone()).write_with(|sink| {
            sink.write_all(b"half")?;
            Err(io::Error::other("lost"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");

        to(path.clone()).write("new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left behind");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        to(link.clone()).write("new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
    }

    #[test]
    fn a_format_the_command_does_not_know_is_wrong_usage() {
        let output = Output { format: OutputFormat::Csv, file: None, colour: false };
        let refused = output.format_among(&[OutputFormat::Table, OutputFormat::Json]);
        assert_eq!(refused.map_err(|error| error.failure().code()), Err(2));
    }
}
