//! The rule language of device and application filters.
//!
//! `device.isCompliant -eq True -or device.trustType -eq "ServerAD"`. The reader is lenient where
//! Microsoft's own examples are: the `device.` prefix and the hyphen are optional, names compare
//! without case. Precedence: comparison, `-not`, `-and`, `-or`. Strings compare without case.

mod lexer;
mod parser;

use model::decision::DeviceValue;

use crate::Tri;

/// A rule that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    root: Expression,
}

/// Why a rule cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} at character {position} of the filter {rule:?}")]
pub struct FilterError {
    /// What is wrong.
    pub message: String,
    /// Where, counted in characters from 1.
    pub position: usize,
    /// The rule.
    pub rule: String,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expression {
    Or(Box<Expression>, Box<Expression>),
    And(Box<Expression>, Box<Expression>),
    Not(Box<Expression>),
    Compare(Comparison),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Comparison {
    /// Lower case, without the `device.` prefix.
    pub(crate) property: String,
    pub(crate) operator: Operator,
    /// Texts as written; none stands for null.
    pub(crate) values: Vec<Option<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equals,
    StartsWith,
    EndsWith,
    Contains,
    In,
    NotEquals,
    NotStartsWith,
    NotEndsWith,
    NotContains,
    NotIn,
}

impl Operator {
    /// The positive operator of a negated one, and whether it was negated.
    fn positive(self) -> (Self, bool) {
        match self {
            Self::NotEquals => (Self::Equals, true),
            Self::NotStartsWith => (Self::StartsWith, true),
            Self::NotEndsWith => (Self::EndsWith, true),
            Self::NotContains => (Self::Contains, true),
            Self::NotIn => (Self::In, true),
            other => (other, false),
        }
    }
}

impl Filter {
    /// Reads a rule.
    ///
    /// # Errors
    /// [`FilterError`] with the position where the rule stops making sense.
    pub fn parse(rule: &str) -> Result<Self, FilterError> {
        let tokens = lexer::tokens(rule)?;
        Ok(Self { root: parser::parse(rule, tokens)? })
    }

    /// Evaluates the rule; `property` gives a property's value by its lower-case name, or nothing
    /// where it is not known.
    pub fn evaluate(&self, property: &impl Fn(&str) -> Option<DeviceValue>) -> Tri {
        evaluate(&self.root, property)
    }

    /// Every comparison in the rule.
    pub(crate) fn comparisons(&self) -> Vec<&Comparison> {
        let mut all = Vec::new();
        let mut open = vec![&self.root];
        while let Some(expression) = open.pop() {
            match expression {
                Expression::Or(a, b) | Expression::And(a, b) => open.extend([&**a, &**b]),
                Expression::Not(inner) => open.push(inner),
                Expression::Compare(comparison) => all.push(comparison),
            }
        }
        all
    }
}

fn evaluate(expression: &Expression, property: &impl Fn(&str) -> Option<DeviceValue>) -> Tri {
    match expression {
        Expression::Or(a, b) => evaluate(a, property).or(evaluate(b, property)),
        Expression::And(a, b) => evaluate(a, property).and(evaluate(b, property)),
        Expression::Not(inner) => !evaluate(inner, property),
        Expression::Compare(comparison) => match property(&comparison.property) {
            Some(value) => compare(comparison, &value).into(),
            None => Tri::Unknown,
        },
    }
}

/// Null fails every positive operator and satisfies every negated one; only `-eq null` matches it.
fn compare(comparison: &Comparison, actual: &DeviceValue) -> bool {
    let (operator, negated) = comparison.operator.positive();
    let holds = comparison.values.iter().any(|wanted| match wanted {
        None => *actual == DeviceValue::Null,
        Some(wanted) => match actual {
            DeviceValue::Null => false,
            DeviceValue::Flag(flag) => {
                matches_text(operator, if *flag { "true" } else { "false" }, wanted)
            }
            DeviceValue::Text(text) => matches_text(operator, text, wanted),
            // On collections, `contains` means a whole element.
            DeviceValue::List(items) => items.iter().any(|item| {
                let whole =
                    if operator == Operator::Contains { Operator::Equals } else { operator };
                matches_text(whole, item, wanted)
            }),
        },
    });
    holds != negated
}

fn matches_text(operator: Operator, actual: &str, wanted: &str) -> bool {
    let (actual, wanted) = (actual.to_lowercase(), wanted.to_lowercase());
    match operator {
        Operator::StartsWith => actual.starts_with(&wanted),
        Operator::EndsWith => actual.ends_with(&wanted),
        Operator::Contains => actual.contains(&wanted),
        _ => actual == wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(rule: &str, properties: &[(&str, DeviceValue)]) -> Tri {
        Filter::parse(rule).unwrap().evaluate(&|name| {
            Some(
                properties
                    .iter()
                    .find(|(known, _)| *known == name)
                    .map_or(DeviceValue::Null, |(_, value)| value.clone()),
            )
        })
    }

    fn text(value: &str) -> DeviceValue {
        DeviceValue::Text(value.to_owned())
    }

    #[test]
    fn an_unregistered_device_satisfies_negated_operators_only() {
        assert_eq!(on("device.trustType -ne \"ServerAD\"", &[]), Tri::Yes);
        assert_eq!(on("device.trustType -eq \"ServerAD\"", &[]), Tri::No);
        assert_eq!(on("device.model -notStartsWith \"X\"", &[]), Tri::Yes);
    }

    #[test]
    fn or_binds_weaker_than_and_and_not_binds_stronger() {
        let device = [("iscompliant", DeviceValue::Flag(true))];
        assert_eq!(
            on("isCompliant -eq True -or model -eq 'a' -and model -eq 'b'", &device),
            Tri::Yes
        );
        assert_eq!(on("-not (isCompliant -eq True) -or model -eq 'b'", &device), Tri::No);
    }

    #[test]
    fn names_operators_and_texts_compare_without_case() {
        let device = [("trusttype", text("serverad"))];
        assert_eq!(on("DEVICE.TrustType EQ \"ServerAD\"", &device), Tri::Yes);
    }

    #[test]
    fn contains_is_a_substring_on_text_and_an_element_on_lists() {
        let device = [
            ("model", text("Surface Pro")),
            ("physicalids", DeviceValue::List(vec!["[ZTDId]:1".into(), "[OrderId]:PAW".into()])),
        ];
        assert_eq!(on("device.model -contains \"face\"", &device), Tri::Yes);
        assert_eq!(on("device.physicalIds -contains \"[OrderId]:PAW\"", &device), Tri::Yes);
        assert_eq!(on("device.physicalIds -contains \"PAW\"", &device), Tri::No);
    }

    #[test]
    fn lists_quotes_and_null_are_read() {
        let device = [("deviceid", text("b"))];
        assert_eq!(on("device.deviceId -in [\"a\", \"b\"]", &device), Tri::Yes);
        assert_eq!(on("device.displayName -eq null", &device), Tri::Yes);
        assert_eq!(
            on("device.displayName -eq 'it''s'", &[("displayname", text("it's"))]),
            Tri::Yes
        );
    }

    #[test]
    fn an_error_says_where() {
        let error = Filter::parse("device.model -like \"x\"").unwrap_err();
        assert_eq!(error.position, 14);
        assert!(Filter::parse("(device.model -eq \"x\"").is_err());
        assert!(Filter::parse("").is_err());
    }
}
