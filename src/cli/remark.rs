//! What people are told beside the data: on standard error, in lines that fit their terminal.

use model::text::sanitize;

/// Prints a text to standard error, made safe; at a terminal broken between words, and indented
/// from the second line on.
pub(super) fn remark(text: &str) {
    eprintln!("{}", fitted(&sanitize(text), columns()));
}

/// Columns of the terminal that standard error is; none where it is a file or a pipe.
fn columns() -> Option<usize> {
    terminal_size::terminal_size_of(std::io::stderr()).map(|(width, _)| usize::from(width.0))
}

fn fitted(text: &str, columns: Option<usize>) -> String {
    const INDENT: &str = "  ";
    match columns {
        // A line that fits keeps its blanks.
        Some(columns) if text.chars().count() > columns => {
            let start = text.len() - text.trim_start().len();
            let (margin, words) = text.split_at(start);
            let room = columns.saturating_sub(margin.len() + INDENT.len()).max(20);
            let lines = report::wrapped(words, room);
            format!("{margin}{}", lines.join(&format!("\n{margin}{INDENT}")))
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::fitted;

    #[test]
    fn a_long_line_breaks_between_words_and_a_file_gets_it_whole() {
        let text = "error: tenant contoso has no user j.ryan: give a sign-in name";
        assert_eq!(fitted(text, None), text);
        assert_eq!(fitted(text, Some(80)), text);
        assert_eq!(
            fitted(text, Some(40)),
            "error: tenant contoso has no user\n  j.ryan: give a sign-in name"
        );
    }
}
