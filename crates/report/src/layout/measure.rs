//! How much room text takes on a terminal, and how to make it take less.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// Columns that a text takes; wide characters count two.
pub(crate) fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

/// The text in at most `columns`, with an ellipsis where something is left out.
pub(crate) fn cut(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let mut kept = head(text, columns.saturating_sub(1)).to_owned();
    if columns > 0 {
        kept.push('…');
    }
    Cow::Owned(kept)
}

/// The longest beginning that takes at most `columns`, never splitting a visible character.
fn head(text: &str, columns: usize) -> &str {
    let mut taken = 0;
    for (at, cluster) in text.grapheme_indices(true) {
        taken += width(cluster);
        if taken > columns {
            return text.get(..at).unwrap_or_default();
        }
    }
    text
}

/// Fills up with blanks on the right.
pub(crate) fn pad_right(text: &str, columns: usize) -> String {
    let missing = columns.saturating_sub(width(text));
    format!("{text}{}", " ".repeat(missing))
}

/// Fills up with blanks on the left.
pub(crate) fn pad_left(text: &str, columns: usize) -> String {
    let missing = columns.saturating_sub(width(text));
    format!("{}{text}", " ".repeat(missing))
}

/// Breaks a text into lines of at most `columns`, between words where it can. Never empty.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(2);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let room = columns.saturating_sub(width(&line) + usize::from(!line.is_empty()));
        if width(word) > room && !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        let mut rest = word;
        while width(rest) > columns {
            let piece = head(rest, columns);
            if piece.is_empty() {
                break;
            }
            lines.push(piece.to_owned());
            rest = rest.get(piece.len()..).unwrap_or_default();
        }
        line.push_str(rest);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_character_is_left_out_whole() {
        assert_eq!(cut("山田太郎", 6), "山田…");
        assert_eq!(width(&cut("山田太郎", 6)), 5);
    }

    #[test]
    fn a_combined_character_is_never_split() {
        assert_eq!(cut("ne\u{301}e\u{301}e\u{301}", 3), "ne\u{301}…");
    }

    #[test]
    fn text_breaks_between_words_and_a_long_word_where_it_must() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("a abcdefghij", 4), ["a", "abcd", "efgh", "ij"]);
        assert_eq!(wrap("", 10), [""]);
    }

    #[test]
    fn text_without_spaces_breaks_by_its_width() {
        assert_eq!(wrap("山田太郎", 4), ["山田", "太郎"]);
    }
}
