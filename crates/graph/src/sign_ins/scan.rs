//! Records in a document that is too large to be held: the elements of lists and of the wrappers
//! `value`, `records` and `tables`, found without reading what is in them.

/// Lists and objects in each other beyond this are no log.
const DEEPEST: usize = 64;

/// Names under which a document holds its records.
const HOLDERS: [&[u8]; 3] = [b"value", b"records", b"tables"];

/// Finds records in bytes that come in pieces.
pub(super) struct Scanner {
    most: usize,
    /// What is open around the current byte: `{` or `[`.
    open: Vec<u8>,
    /// The depth at which records are.
    level: usize,
    /// Within a text, and after its backslash.
    text: Option<bool>,
    /// The text that was read last, where it may be a name.
    name: Vec<u8>,
    /// The bytes of the record that is open.
    record: Vec<u8>,
    /// Whether a record is open.
    inside: bool,
    /// Lines before the current byte, and before the record.
    lines: usize,
    record_line: usize,
    /// Why nothing more can be found.
    broken: Option<String>,
}

impl Scanner {
    /// Records of at most so many bytes.
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            open: Vec::new(),
            level: 0,
            text: None,
            name: Vec::new(),
            record: Vec::new(),
            inside: false,
            lines: 0,
            record_line: 0,
            broken: None,
        }
    }

    /// The line of the current byte, from 1.
    pub(super) fn line(&self) -> usize {
        self.lines + 1
    }

    /// Looks at the next bytes. `take` gets each record with its line, and may end it by saying no.
    pub(super) fn feed<E>(
        &mut self,
        bytes: &[u8],
        mut take: impl FnMut(&[u8], usize) -> Result<bool, E>,
    ) -> Result<bool, E> {
        for byte in bytes {
            if self.broken.is_some() {
                return Ok(true);
            }
            if *byte == b'\n' {
                self.lines += 1;
            }
            if self.step(*byte) {
                let go_on = take(&self.record, self.record_line)?;
                self.record.clear();
                if !go_on {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Why the document is not whole, once there are no more bytes.
    pub(super) fn ended(&self) -> Option<String> {
        let cut = (!self.open.is_empty() || self.text.is_some())
            .then(|| "the document ends before it is closed".to_owned());
        self.broken.clone().or(cut)
    }

    /// Looks at a byte; whether it ends a record.
    fn step(&mut self, byte: u8) -> bool {
        if self.inside {
            self.record.push(byte);
            if self.record.len() > self.most {
                self.broken = Some(format!("a record larger than {} bytes", self.most));
                return false;
            }
        }
        if let Some(escaped) = self.text {
            self.text = match (escaped, byte) {
                (false, b'\\') => Some(true),
                (false, b'"') => None,
                _ => Some(false),
            };
            // A name longer than any holder's is none.
            if self.text.is_some() && self.open.len() == 1 && self.name.len() < 16 {
                self.name.push(byte);
            }
            return false;
        }
        match byte {
            b'"' => {
                self.text = Some(false);
                self.name.clear();
            }
            b'{' | b'[' => self.opened(byte),
            b'}' | b']' => return self.closed(byte),
            b':' | b' ' | b'\t' | b'\n' | b'\r' => {}
            _ => {
                if self.open.is_empty() && byte != b',' && !self.inside {
                    self.broken = Some("not JSON".to_owned());
                }
                self.name.clear();
            }
        }
        false
    }

    fn opened(&mut self, byte: u8) {
        let outer = self.open.first().copied();
        // A list in the document's own object under such a name holds the records.
        let holds = byte == b'['
            && self.open.len() == 1
            && outer == Some(b'{')
            && HOLDERS.contains(&self.name.as_slice());
        if holds {
            self.level = 2;
            self.inside = false;
            self.record.clear();
        }
        if self.open.is_empty() {
            // A list's records are its elements; an object is one until it shows to be a holder.
            self.level = usize::from(byte == b'[');
        }
        if byte == b'{' && self.open.len() == self.level && !self.inside {
            self.inside = true;
            self.record.clear();
            self.record.push(byte);
            self.record_line = self.lines + 1;
        }
        self.open.push(byte);
        self.name.clear();
        if self.open.len() > DEEPEST {
            self.broken = Some(format!("lists and objects are nested more than {DEEPEST} deep"));
        }
    }

    fn closed(&mut self, byte: u8) -> bool {
        let fits = matches!((self.open.pop(), byte), (Some(b'{'), b'}') | (Some(b'['), b']'));
        if !fits {
            self.broken = Some(format!("an unexpected `{}`", char::from(byte)));
            return false;
        }
        self.name.clear();
        if self.inside && self.open.len() == self.level {
            self.inside = false;
            return true;
        }
        if self.open.len() < self.level {
            // What follows the records in their holder is no record.
            self.level = if self.open.is_empty() { 0 } else { usize::MAX };
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::Scanner;

    /// The records of a text that comes in pieces of that size, with their lines.
    fn scan(text: &str, piece: usize) -> (Vec<(String, usize)>, Option<String>) {
        let mut scanner = Scanner::new(1_000);
        let mut found = Vec::new();
        for chunk in text.as_bytes().chunks(piece) {
            scanner
                .feed(chunk, |record, line| {
                    found.push((String::from_utf8(record.to_vec()).unwrap(), line));
                    Ok::<_, ()>(true)
                })
                .unwrap();
        }
        (found, scanner.ended())
    }

    fn texts(text: &str) -> Vec<String> {
        let whole = scan(text, 10_000);
        assert_eq!(whole, scan(text, 1), "pieces make no difference");
        assert_eq!(whole.1, None);
        whole.0.into_iter().map(|(text, _)| text).collect()
    }

    #[test]
    fn lists_collections_and_rows_of_objects_have_their_elements_as_records() {
        for text in [
            r#"[{"a":1},{"a":{"b":[2]}}]"#,
            r#"{"@odata.context":"x","value":[{"a":1},{"a":{"b":[2]}}],"@odata.nextLink":"y"}"#,
            r#"{"records": [ {"a":1} , {"a":{"b":[2]}} ]}"#,
            r#"{"a":1} {"a":{"b":[2]}}"#,
        ] {
            assert_eq!(texts(text), [r#"{"a":1}"#, r#"{"a":{"b":[2]}}"#], "{text}");
        }
    }

    #[test]
    fn brackets_and_quotes_in_texts_are_texts() {
        let text = r#"[{"a":"}]\"{["},{"value":[1]}]"#;
        assert_eq!(texts(text), [r#"{"a":"}]\"{["}"#, r#"{"value":[1]}"#]);
    }

    #[test]
    fn an_object_with_a_list_of_another_name_is_a_record() {
        let text = r#"{"values":[{"a":1}],"id":"x"}"#;
        assert_eq!(texts(text), [text]);
    }

    #[test]
    fn records_know_their_lines() {
        let (found, _) = scan("[\n{\"a\":1},\n\n{\n\"a\":2}]", 3);
        let lines: Vec<usize> = found.into_iter().map(|(_, line)| line).collect();
        assert_eq!(lines, [2, 4]);
    }

    #[test]
    fn what_is_cut_crossed_too_deep_or_too_large_is_refused() {
        assert!(scan("[{\"a\":1}", 5).1.unwrap().contains("ends before"));
        assert!(scan("[{\"a\":1]", 5).1.unwrap().contains("unexpected"));
        assert!(scan(&"[".repeat(100), 5).1.unwrap().contains("nested"));
        assert!(
            scan(&format!("[{{\"a\":\"{}\"}}]", "x".repeat(2_000)), 5)
                .1
                .unwrap()
                .contains("larger")
        );
    }
}
