//! Reads tokens into an expression.

use super::lexer::Token;
use super::{Comparison, Expression, FilterError, Operator};

/// How deep parentheses and negations may nest; Graph limits a rule to 3,072 characters.
const MAX_DEPTH: usize = 64;

pub(super) fn parse(rule: &str, tokens: Vec<(Token, usize)>) -> Result<Expression, FilterError> {
    let end = rule.chars().count() + 1;
    let mut parser = Parser { rule, tokens: tokens.into_iter().peekable(), end };
    let expression = parser.disjunction(0)?;
    match parser.tokens.next() {
        None => Ok(expression),
        Some((token, at)) => Err(parser.error(&format!("{} is not expected", words(&token)), at)),
    }
}

struct Parser<'a> {
    rule: &'a str,
    tokens: std::iter::Peekable<std::vec::IntoIter<(Token, usize)>>,
    end: usize,
}

impl Parser<'_> {
    fn error(&self, message: &str, position: usize) -> FilterError {
        FilterError { message: message.to_owned(), position, rule: self.rule.to_owned() }
    }

    fn next(&mut self) -> Result<(Token, usize), FilterError> {
        let end = self.end;
        self.tokens.next().ok_or_else(|| self.error("the rule ends too early", end))
    }

    fn next_is_word(&mut self, word: &str) -> bool {
        let found = matches!(self.tokens.peek(), Some((Token::Word(text), _))
            if text.trim_start_matches('-').eq_ignore_ascii_case(word));
        if found {
            self.tokens.next();
        }
        found
    }

    fn disjunction(&mut self, depth: usize) -> Result<Expression, FilterError> {
        let mut left = self.conjunction(depth)?;
        while self.next_is_word("or") {
            left = Expression::Or(Box::new(left), Box::new(self.conjunction(depth)?));
        }
        Ok(left)
    }

    fn conjunction(&mut self, depth: usize) -> Result<Expression, FilterError> {
        let mut left = self.negation(depth)?;
        while self.next_is_word("and") {
            left = Expression::And(Box::new(left), Box::new(self.negation(depth)?));
        }
        Ok(left)
    }

    fn negation(&mut self, depth: usize) -> Result<Expression, FilterError> {
        if depth > MAX_DEPTH {
            let at = self.tokens.peek().map_or(self.end, |(_, at)| *at);
            return Err(self.error("the rule nests too deeply", at));
        }
        if self.next_is_word("not") {
            return Ok(Expression::Not(Box::new(self.negation(depth + 1)?)));
        }
        if matches!(self.tokens.peek(), Some((Token::Open, _))) {
            self.tokens.next();
            let inner = self.disjunction(depth + 1)?;
            return match self.next()? {
                (Token::Close, _) => Ok(inner),
                (token, at) => {
                    Err(self.error(&format!("{} stands where ')' is expected", words(&token)), at))
                }
            };
        }
        self.comparison().map(Expression::Compare)
    }

    fn comparison(&mut self) -> Result<Comparison, FilterError> {
        let property = match self.next()? {
            (Token::Word(name), _) => {
                let lower = name.to_ascii_lowercase();
                lower.strip_prefix("device.").unwrap_or(&lower).to_owned()
            }
            (token, at) => {
                return Err(self.error(&format!("{} is not a property", words(&token)), at));
            }
        };
        let operator = match self.next()? {
            (Token::Word(name), at) => operator(&name)
                .ok_or_else(|| self.error(&format!("{name:?} is not an operator"), at))?,
            (token, at) => {
                return Err(self.error(&format!("{} is not an operator", words(&token)), at));
            }
        };
        Ok(Comparison { property, operator, values: self.values()? })
    }

    fn values(&mut self) -> Result<Vec<Option<String>>, FilterError> {
        match self.next()? {
            (Token::OpenList, _) => {
                let mut all = Vec::new();
                loop {
                    match self.next()? {
                        (Token::CloseList, _) => return Ok(all),
                        (Token::Comma, _) => {}
                        (token, at) => all.push(self.value(token, at)?),
                    }
                }
            }
            (token, at) => Ok(vec![self.value(token, at)?]),
        }
    }

    fn value(&self, token: Token, at: usize) -> Result<Option<String>, FilterError> {
        match token {
            Token::Text(text) => Ok(Some(text)),
            Token::Word(word) if word.eq_ignore_ascii_case("null") => Ok(None),
            Token::Word(word) => Ok(Some(word)),
            other => Err(self.error(&format!("{} is not a value", words(&other)), at)),
        }
    }
}

fn operator(word: &str) -> Option<Operator> {
    let name = word.trim_start_matches('-').to_ascii_lowercase();
    Some(match name.as_str() {
        "eq" => Operator::Equals,
        "ne" => Operator::NotEquals,
        "startswith" => Operator::StartsWith,
        "notstartswith" => Operator::NotStartsWith,
        "endswith" => Operator::EndsWith,
        "notendswith" => Operator::NotEndsWith,
        "contains" => Operator::Contains,
        "notcontains" => Operator::NotContains,
        "in" => Operator::In,
        "notin" => Operator::NotIn,
        _ => return None,
    })
}

fn words(token: &Token) -> String {
    match token {
        Token::Open => "'('".into(),
        Token::Close => "')'".into(),
        Token::OpenList => "'['".into(),
        Token::CloseList => "']'".into(),
        Token::Comma => "','".into(),
        Token::Text(text) | Token::Word(text) => format!("{text:?}"),
    }
}
