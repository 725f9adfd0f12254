//! Tokens of the filter language.

use super::FilterError;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Open,
    Close,
    OpenList,
    CloseList,
    Comma,
    /// A quoted text.
    Text(String),
    /// A word: property, operator, True, False, null or a number.
    Word(String),
}

/// The tokens with the position of each, counted in characters from 1.
pub(super) fn tokens(rule: &str) -> Result<Vec<(Token, usize)>, FilterError> {
    let error = |message: &str, position: usize| FilterError {
        message: message.to_owned(),
        position,
        rule: rule.to_owned(),
    };
    let mut out = Vec::new();
    let mut chars = rule.chars().enumerate().peekable();
    while let Some((at, c)) = chars.next() {
        let position = at + 1;
        match c {
            c if c.is_whitespace() => {}
            '(' => out.push((Token::Open, position)),
            ')' => out.push((Token::Close, position)),
            '[' => out.push((Token::OpenList, position)),
            ']' => out.push((Token::CloseList, position)),
            ',' => out.push((Token::Comma, position)),
            '"' | '\'' | '\u{201C}' | '\u{201D}' => {
                let closes = |d: char| match c {
                    '\u{201C}' | '\u{201D}' => matches!(d, '\u{201C}' | '\u{201D}'),
                    quote => d == quote,
                };
                let mut text = String::new();
                loop {
                    match chars.next() {
                        None => return Err(error("a quotation without end", position)),
                        Some((_, '`')) if chars.peek().is_some_and(|(_, d)| closes(*d)) => {
                            if let Some((_, d)) = chars.next() {
                                text.push(d);
                            }
                        }
                        Some((_, d)) if closes(d) => {
                            if c == '\'' && chars.peek().is_some_and(|(_, e)| *e == '\'') {
                                chars.next();
                                text.push('\'');
                            } else {
                                break;
                            }
                        }
                        Some((_, d)) => text.push(d),
                    }
                }
                out.push((Token::Text(text), position));
            }
            c => {
                let mut word = String::from(c);
                while let Some((_, d)) = chars.peek() {
                    if d.is_whitespace() || "()[],\"'".contains(*d) {
                        break;
                    }
                    word.push(*d);
                    chars.next();
                }
                out.push((Token::Word(word), position));
            }
        }
    }
    Ok(out)
}
