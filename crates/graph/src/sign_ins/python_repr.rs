//! Python's way of writing what JSON says: some exports hold it in place of JSON.

use serde_json::{Map, Value};

/// Reads a list or dictionary as Python prints it (`{'a': None, 'b': [True, "it's"]}`).
pub(super) fn parse(text: &str) -> Option<Value> {
    let mut reader = Reader { rest: text.trim(), depth: 0 };
    let value = reader.value()?;
    reader.rest.trim().is_empty().then_some(value)
}

struct Reader<'t> {
    rest: &'t str,
    depth: usize,
}

/// Lists in lists beyond this are no log.
const DEEPEST: usize = 32;

impl<'t> Reader<'t> {
    fn eat(&mut self, start: &str) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(start) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn value(&mut self) -> Option<Value> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let value = self.opened();
        self.depth -= 1;
        value
    }

    fn opened(&mut self) -> Option<Value> {
        self.rest = self.rest.trim_start();
        match self.rest.chars().next()? {
            '{' => {
                self.eat("{");
                let mut map = Map::new();
                while !self.eat("}") {
                    let key = match self.value()? {
                        Value::String(key) => key,
                        other => other.to_string(),
                    };
                    if !self.eat(":") {
                        return None;
                    }
                    let value = self.value()?;
                    map.insert(key, value);
                    if !self.eat(",") {
                        return self.eat("}").then_some(Value::Object(map));
                    }
                }
                Some(Value::Object(map))
            }
            '[' | '(' => {
                let end = if self.eat("[") { "]" } else { ")" };
                self.eat("(");
                let mut items = Vec::new();
                while !self.eat(end) {
                    items.push(self.value()?);
                    if !self.eat(",") {
                        return self.eat(end).then_some(Value::Array(items));
                    }
                }
                Some(Value::Array(items))
            }
            quote @ ('\'' | '"') => self.text(quote).map(Value::String),
            _ => self.word(),
        }
    }

    fn text(&mut self, quote: char) -> Option<String> {
        let mut chars = self.rest.char_indices().skip(1);
        let mut out = String::new();
        while let Some((at, c)) = chars.next() {
            if c == quote {
                self.rest = self.rest.get(at + 1..)?;
                return Some(out);
            }
            if c != '\\' {
                out.push(c);
                continue;
            }
            let (_, escaped) = chars.next()?;
            let digits = match escaped {
                'x' => 2,
                'u' => 4,
                'U' => 8,
                _ => 0,
            };
            if digits > 0 {
                let hex: String = chars.by_ref().take(digits).map(|(_, c)| c).collect();
                out.push(char::from_u32(u32::from_str_radix(&hex, 16).ok()?)?);
                continue;
            }
            match escaped {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                'r' => out.push('\r'),
                '\\' | '\'' | '"' => out.push(escaped),
                other => out.extend(['\\', other]),
            }
        }
        None
    }

    fn word(&mut self) -> Option<Value> {
        let end = self.rest.find([',', ']', '}', ')', ':', ' ', '\n']).unwrap_or(self.rest.len());
        let (word, rest): (&'t str, &'t str) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        match word {
            "None" | "null" | "nan" => Some(Value::Null),
            "True" | "true" => Some(Value::Bool(true)),
            "False" | "false" => Some(Value::Bool(false)),
            number => number.parse::<serde_json::Number>().ok().map(Value::Number),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::parse;

    #[test]
    fn what_python_prints_is_read() {
        let text = r#"[{'id': '8872', 'on': True, 'n': None, 'f': 1.5, 'words': "it's", 'e': []}]"#;
        let expected =
            json!([{"id": "8872", "on": true, "n": null, "f": 1.5, "words": "it's", "e": []}]);
        assert_eq!(parse(text), Some(expected));
        assert_eq!(parse(r"{'a': 'it\'s \xe9'}"), Some(json!({"a": "it's é"})));
        assert_eq!(parse("{}"), Some(json!({})));
    }

    #[test]
    fn what_is_cut_off_or_too_deep_is_refused() {
        for text in ["{'a': 1", "['a'", "{'a' 1}", "{'a': }", "'abc", "{1: 2} x", ""] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(&"[".repeat(10_000)), None);
    }
}
