//! Values as logs write them: numbers as texts, texts as numbers, empty for absent.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A text; absent where it is null, blank or the mark of a removed name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Text(pub(super) Option<String>);

/// A whole number, also as a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Whole(pub(super) Option<i64>);

/// A number, also as a text.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Real(pub(super) Option<f64>);

/// Yes or no, also as a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Flag(pub(super) Option<bool>);

/// An object or a list that may be null, absent or an empty text.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Nested<T>(pub(super) T);

/// What Microsoft and exporters write for "nothing".
fn is_nothing(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || text == "{PII Removed}" || text.eq_ignore_ascii_case("null")
}

/// A scalar of JSON, or nothing.
enum Scalar {
    Text(String),
    Whole(i64),
    Real(f64),
    Flag(bool),
    Nothing,
}

struct ScalarVisitor;

impl Visitor<'_> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, true, false or null")
    }

    fn visit_unit<E: Error>(self) -> Result<Scalar, E> {
        Ok(Scalar::Nothing)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Scalar, E> {
        Ok(Scalar::Flag(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Scalar, E> {
        Ok(Scalar::Whole(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Scalar, E> {
        i64::try_from(value).map(Scalar::Whole).map_err(E::custom)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Scalar, E> {
        Ok(Scalar::Real(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Scalar, E> {
        Ok(if is_nothing(value) { Scalar::Nothing } else { Scalar::Text(value.to_owned()) })
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Scalar, E> {
        Ok(if is_nothing(&value) { Scalar::Nothing } else { Scalar::Text(value) })
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match deserializer.deserialize_any(ScalarVisitor)? {
            Scalar::Text(text) => Some(text),
            Scalar::Whole(number) => Some(number.to_string()),
            Scalar::Real(number) => Some(number.to_string()),
            Scalar::Flag(flag) => Some(flag.to_string()),
            Scalar::Nothing => None,
        }))
    }
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match deserializer.deserialize_any(ScalarVisitor)? {
            Scalar::Whole(number) => Some(number),
            #[expect(clippy::cast_possible_truncation, reason = "whole numbers written as 0.0")]
            Scalar::Real(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
                Some(number as i64)
            }
            Scalar::Text(text) => match text.trim().parse() {
                Ok(number) => Some(number),
                Err(_) => return Err(D::Error::custom(format!("{text:?} is no whole number"))),
            },
            Scalar::Nothing => None,
            Scalar::Real(number) => {
                return Err(D::Error::custom(format!("{number} is no whole number")));
            }
            Scalar::Flag(flag) => return Err(D::Error::custom(format!("{flag} is no number"))),
        }))
    }
}

impl<'de> Deserialize<'de> for Real {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match deserializer.deserialize_any(ScalarVisitor)? {
            #[expect(clippy::cast_precision_loss, reason = "degrees")]
            Scalar::Whole(number) => Some(number as f64),
            Scalar::Real(number) => Some(number),
            // A place that cannot be read is no place; the record stands.
            Scalar::Text(text) => text.trim().parse().ok(),
            Scalar::Flag(_) | Scalar::Nothing => None,
        }))
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match deserializer.deserialize_any(ScalarVisitor)? {
            Scalar::Flag(flag) => Some(flag),
            Scalar::Whole(number) => Some(number != 0),
            Scalar::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "yes" | "1" => Some(true),
                "false" | "no" | "0" => Some(false),
                _ => None,
            },
            Scalar::Real(_) | Scalar::Nothing => None,
        }))
    }
}

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Nested<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Inner<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for Inner<T> {
            type Value = T;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object, a list or null")
            }
            fn visit_unit<E: Error>(self) -> Result<T, E> {
                Ok(T::default())
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
                if is_nothing(text) {
                    Ok(T::default())
                } else {
                    Err(E::custom("a text is no object"))
                }
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                T::deserialize(serde::de::value::MapAccessDeserializer::new(map))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<T, A::Error> {
                T::deserialize(serde::de::value::SeqAccessDeserializer::new(seq))
            }
        }
        deserializer.deserialize_any(Inner(std::marker::PhantomData)).map(Self)
    }
}

/// Texts of a list, also as one text with commas; what is no text in it is passed over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Texts(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Inner;
        impl<'de> Visitor<'de> for Inner {
            type Value = Vec<String>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of texts")
            }
            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Vec::new())
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                let parts = text.trim_matches(['[', ']']).split(',');
                let parts = parts.map(|part| part.trim().trim_matches(['"', '\'']));
                Ok(parts.filter(|part| !is_nothing(part)).map(str::to_owned).collect())
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut out = Vec::new();
                while let Some(Text(text)) = seq.next_element()? {
                    out.extend(text);
                }
                Ok(out)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Vec::new())
            }
        }
        deserializer.deserialize_any(Inner).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_may_be_a_text_and_a_text_a_number() {
        assert_eq!(serde_json::from_str::<Whole>("\"50126\"").unwrap(), Whole(Some(50_126)));
        assert_eq!(serde_json::from_str::<Whole>("0.0").unwrap(), Whole(Some(0)));
        assert_eq!(serde_json::from_str::<Whole>("\"\"").unwrap(), Whole(None));
        assert!(serde_json::from_str::<Whole>("\"many\"").is_err());
        assert_eq!(serde_json::from_str::<Text>("4").unwrap(), Text(Some("4".into())));
        assert_eq!(serde_json::from_str::<Flag>("\"True\"").unwrap(), Flag(Some(true)));
        assert_eq!(serde_json::from_str::<Real>("\"38.7\"").unwrap(), Real(Some(38.7)));
    }

    #[test]
    fn a_removed_name_is_nothing() {
        assert_eq!(serde_json::from_str::<Text>("\"{PII Removed}\"").unwrap(), Text(None));
        assert_eq!(serde_json::from_str::<Text>("\"  \"").unwrap(), Text(None));
    }

    #[test]
    fn an_object_may_be_an_empty_text() {
        let empty: Nested<Vec<Text>> = serde_json::from_str("\"\"").unwrap();
        assert!(empty.0.is_empty());
        assert!(serde_json::from_str::<Nested<Vec<Text>>>("\"x\"").is_err());
    }
}
