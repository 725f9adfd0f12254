//! Making foreign text safe to show.

/// Removes what could steer a terminal or mislead a reader: control characters (C0, C1, DEL),
/// escape sequences' introducers, bidirectional overrides and isolates, zero-width and other
/// invisible format characters. Line breaks and tabs become a space.
pub fn sanitize(text: &str) -> std::borrow::Cow<'_, str> {
    if text.chars().all(|c| !is_hostile(c)) {
        return std::borrow::Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            c if is_hostile(c) => {}
            c => out.push(c),
        }
    }
    std::borrow::Cow::Owned(out)
}

/// As [`sanitize`], line by line: the line breaks stay.
pub fn sanitize_lines(text: &str) -> String {
    text.split_inclusive('\n')
        .map(|line| match line.strip_suffix('\n') {
            Some(line) => format!("{}\n", sanitize(line)),
            None => sanitize(line).into_owned(),
        })
        .collect()
}

/// Whether a character may steer a terminal or hide the text's true order.
fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::sanitize;

    #[test]
    fn escape_sequences_lose_their_introducer() {
        assert_eq!(sanitize("a\u{1b}[31mred\u{9b}0m"), "a[31mred0m");
    }

    #[test]
    fn bidirectional_overrides_and_zero_width_characters_go() {
        assert_eq!(sanitize("user\u{202E}gnp.exe\u{200B}"), "usergnp.exe");
    }

    #[test]
    fn plain_text_of_any_language_is_untouched() {
        assert!(matches!(sanitize("Zoë 山田 عمر"), std::borrow::Cow::Borrowed(_)));
    }
}
