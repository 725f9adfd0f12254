//! The commented template that `cstack config init` prints.

use super::keys::environment_keys;
use super::settings::Config;
use super::show::to_toml;
use super::tree::Node;

/// What the types alone cannot show by example.
const EXAMPLES: &str = r#"
# Severities that replace the rules' own.
# [audit.severity]
# rule.trusted-locations-defined = "medium"

# What differs for one tenant, or for a group of tenants.
# [audit.tenants.contoso]
# disable = ["rule.trusted-locations-defined"]
# [audit.groups.gold]
# severity = { "rule.mfa-all-users" = "critical" }

# Rows and columns of the coverage matrix; yours replace the built-in five.
# [[audit.user-segments]]
# id = "finance"
# title = "Finance"
# who = "group:Finance"
# severity = "high"
# [[audit.app-segments]]
# id = "erp"
# title = "ERP"
# reaching = "app:00000000-0000-0000-0000-000000000000"
# by = ["browser"]

# Where each tenant's exports are found: what `cstack run` imports.
# [sources.contoso]
# paths = ["exports/contoso"]
# partial = false

# Any of these sections again under a name, used with `--profile night`.
# [profile.night.log]
# format = "json"
"#;

/// A configuration file that changes nothing: every line is a comment.
pub fn template() -> String {
    let defaults = serde_json::to_value(Config::default()).unwrap_or_default();
    let mut text = String::from(
        "# cstack configuration. Every line is commented out and shows the default.\n\
         # A stronger layer wins: flags, CSTACK_* variables, a profile, this file, the system's.\n",
    );
    let mut section = String::new();
    for key in environment_keys() {
        let [of, name] = key.place.as_slice() else {
            continue;
        };
        if *of != section {
            section.clone_from(of);
            text.push_str("\n[");
            text.push_str(of);
            text.push_str("]\n");
        }
        // Backquotes mark words that can be written: the choices, where there are some.
        let choices = if key.kind.starts_with('`') {
            format!(" One of {}.", key.kind)
        } else {
            String::new()
        };
        for line in wrap(&format!("{}{choices}", key.about), 96) {
            text.push_str("# ");
            text.push_str(&line);
            text.push('\n');
        }
        let default = defaults.get(of).and_then(|section| section.get(name));
        let value = default.and_then(Node::from_json).map(|node| to_toml(&node));
        // A setting without a default shows its name alone.
        text.push_str("# ");
        text.push_str(name);
        text.push_str(" = ");
        text.push_str(value.as_deref().unwrap_or("\"\""));
        text.push('\n');
    }
    text.push_str(EXAMPLES);
    text
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.len() + word.len() < width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
