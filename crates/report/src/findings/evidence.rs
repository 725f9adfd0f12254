//! Evidence, which is JSON, as lines that people read.

use serde_json::Value;

/// Lines shown of a list or an object before the rest is only counted.
const SHOWN: usize = 20;

/// A line: how deep it stands, and what it says.
pub(super) type Line = (usize, String);

/// The evidence, line by line.
pub(super) fn lines(evidence: &Value) -> Vec<Line> {
    let mut out = Vec::new();
    write(evidence, 0, &mut out);
    out
}

fn write(value: &Value, depth: usize, out: &mut Vec<Line>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter().take(SHOWN) {
                if let Some(text) = short(field) {
                    out.push((depth, format!("{name}: {text}")));
                } else {
                    out.push((depth, format!("{name}:")));
                    write(field, depth + 1, out);
                }
            }
            rest(fields.len(), depth, out);
        }
        Value::Array(items) => {
            for item in items.iter().take(SHOWN) {
                if let Some(text) = short(item) {
                    out.push((depth, format!("- {text}")));
                } else {
                    let start = out.len();
                    write(item, depth + 1, out);
                    // The item's first line carries its mark.
                    if let Some((first_depth, text)) = out.get_mut(start) {
                        *first_depth = depth;
                        *text = format!("- {text}");
                    }
                }
            }
            rest(items.len(), depth, out);
        }
        simple => out.push((depth, short(simple).unwrap_or_default())),
    }
}

/// What fits beside its name.
fn short(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("-".to_owned()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Array(items) if items.is_empty() => Some("none".to_owned()),
        Value::Object(fields) if fields.is_empty() => Some("none".to_owned()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

fn rest(count: usize, depth: usize, out: &mut Vec<Line>) {
    if count > SHOWN {
        out.push((depth, format!("and {} more", count - SHOWN)));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nested_evidence_is_indented_and_items_are_marked() {
        let lines = lines(&json!({"a": 1, "b": [{"c": "x", "d": []}, "y"]}));
        let drawn: Vec<_> =
            lines.iter().map(|(depth, text)| format!("{}{text}", " ".repeat(depth * 2))).collect();
        assert_eq!(drawn, ["a: 1", "b:", "  - c: x", "    d: none", "  - y"]);
    }

    #[test]
    fn a_long_list_says_how_much_is_left_out() {
        let lines = lines(&json!((0..25).collect::<Vec<_>>()));
        assert_eq!(lines.len(), 21);
        assert_eq!(lines.last().unwrap().1, "and 5 more");
    }
}
