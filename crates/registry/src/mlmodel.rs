//! The file that makes a folder of artefacts an MLflow model.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::run::Artefact;

/// What the file `MLmodel` says beside the model's own file. MLflow reads it; it has a flavour of
/// cstack's own, which no other tool can load.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MlModel {
    /// Folder of the run's artefacts that holds the model: `model`.
    pub folder: String,
    /// Name of the model's own file in that folder: `forest.bin`.
    pub data: String,
    /// When the model was made, in milliseconds since 1970; out of range counts as 1970.
    pub created_at_ms: i64,
    /// Anything else about it, such as its format and its hash.
    pub facts: BTreeMap<String, String>,
}

impl MlModel {
    /// The file, as YAML, for the run's artefacts.
    pub fn artefact(&self) -> Artefact {
        // A JSON string is a YAML string, whatever is in it.
        let quoted = |text: &str| Value::from(text).to_string();
        let created = Timestamp::from_millisecond(self.created_at_ms).unwrap_or_default();
        let created = created.strftime("%Y-%m-%d %H:%M:%S.%6f").to_string();
        let mut yaml = format!(
            "artifact_path: {}\nflavors:\n  cstack:\n    data: {}\n",
            quoted(&self.folder),
            quoted(&self.data)
        );
        for (key, value) in &self.facts {
            yaml += &format!("    {}: {}\n", quoted(key), quoted(value));
        }
        yaml += &format!("utc_time_created: {}\n", quoted(&created));
        Artefact { path: format!("{}/MLmodel", self.folder), bytes: yaml.into_bytes() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_yaml_that_can_be_read() {
        let file = MlModel {
            folder: "model".into(),
            data: "forest.bin".into(),
            created_at_ms: 1_767_323_045_678,
            facts: BTreeMap::from([("said".into(), "a \"b\": #c\n".into())]),
        };
        let Artefact { path, bytes } = file.artefact();
        assert_eq!(path, "model/MLmodel");
        let wanted = "artifact_path: \"model\"\nflavors:\n  cstack:\n    data: \"forest.bin\"\n    \
                      \"said\": \"a \\\"b\\\": #c\\n\"\nutc_time_created: \
                      \"2026-01-02 03:04:05.678000\"\n";
        assert_eq!(String::from_utf8(bytes).unwrap(), wanted);
    }
}
