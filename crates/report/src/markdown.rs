//! Markdown (GitHub's flavour) for tickets: foreign text shows as it is and does nothing.

use std::fmt::Write as _;

use crate::clean::clean;

/// Foreign text in running text or in a table's cell.
pub(crate) fn escape(text: &str) -> String {
    let safe = clean(text);
    let safe = safe.trim();
    let mut out = String::with_capacity(safe.len() + 8);
    for (at, c) in safe.char_indices() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' | '$' => {
                out.push('\\');
                out.push(c);
            }
            // A list or a rule at the beginning of a paragraph.
            '-' | '+' | '=' if at == 0 => {
                out.push('\\');
                out.push(c);
            }
            '.' | ')' if at > 0 && is_number(safe.get(..at)) && ends(safe.get(at + 1..)) => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    // Bare addresses would become links.
    out.replace("://", ":\\//").replace("www.", "www\\.")
}

fn is_number(text: Option<&str>) -> bool {
    text.is_some_and(|text| text.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether a mark is followed by nothing or a blank, as a list's is.
fn ends(rest: Option<&str>) -> bool {
    rest.is_none_or(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// An identifier in code type; escaped text where it holds what would end the code.
pub(crate) fn code(text: &str) -> String {
    let safe = clean(text);
    if safe.is_empty() || safe.trim() != safe || safe.contains(['`', '|', '\\']) {
        escape(text)
    } else {
        format!("`{safe}`")
    }
}

/// A block of code, fenced longer than any fence inside. Line breaks stay, control characters go.
pub(crate) fn block(language: &str, text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let mut out = format!("{fence}{language}\n");
    for line in text.lines() {
        out.push_str(clean(line).trim_end());
        out.push('\n');
    }
    out + &fence + "\n"
}

/// A table; cells are Markdown already, columns named with a leading `>` align to the right.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let titles: Vec<_> = header.iter().map(|title| title.trim_start_matches('>')).collect();
    let rules: Vec<_> =
        header.iter().map(|title| if title.starts_with('>') { "---:" } else { "---" }).collect();
    let mut out = format!("| {} |\n| {} |\n", titles.join(" | "), rules.join(" | "));
    for row in rows {
        let _ = writeln!(out, "| {} |", row.join(" | "));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_pipes_backticks_and_emphasis_show_as_they_are() {
        assert_eq!(
            escape("<img src=x onerror=alert(1)> | `a` *b* _c_ & [l](javascript:1)"),
            "&lt;img src=x onerror=alert(1)&gt; \\| \\`a\\` \\*b\\* \\_c\\_ &amp; \\[l\\](javascript:1)"
        );
    }

    #[test]
    fn text_does_not_become_a_list_a_heading_or_a_link() {
        for (text, expected) in [
            ("- a", "\\- a"),
            ("12. a", "12\\. a"),
            ("# a", "\\# a"),
            ("https://x.example", "https:\\//x.example"),
            ("v1.2", "v1.2"),
            ("203.0.113.7", "203.0.113.7"),
        ] {
            assert_eq!(escape(text), expected);
        }
    }

    #[test]
    fn an_identifier_with_a_backtick_is_not_code() {
        assert_eq!(code("rule.a_b"), "`rule.a_b`");
        assert_eq!(code("a`b"), "a\\`b");
    }

    #[test]
    fn a_fence_inside_a_block_does_not_end_it() {
        assert_eq!(block("", "```\nx\n"), "````\n```\nx\n````\n");
    }
}
