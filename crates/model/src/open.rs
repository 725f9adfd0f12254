//! Open enumerations and lenient readings of Graph's wire shapes.
//!
//! Graph grows: a value that this build does not know must parse, keep its spelling and be
//! reported, never dropped. Spelling differs between exports too (`and` for `AND`), so that known
//! values compare without case.

use std::collections::BTreeMap;

use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

/// Properties that this build does not know, kept verbatim by name.
///
/// `OData` annotations (names with `@` or `#`) are not properties and are left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extra(pub BTreeMap<String, Value>);

impl Extra {
    /// The texts of a list of that name; none where there is no such list.
    pub fn texts(&self, name: &str) -> Vec<String> {
        let list = self.0.get(name).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// The unknown properties that carry something: neither null, nor an empty list, object or string.
    pub fn meaningful(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().filter(|(_, value)| carries_meaning(value)).map(|(k, v)| (k.as_str(), v))
    }
}

/// Whether a JSON value says anything: null, empty containers and objects of such do not.
pub fn carries_meaning(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => items.iter().any(carries_meaning),
        Value::Object(fields) => {
            fields.iter().any(|(name, inner)| !is_annotation(name) && carries_meaning(inner))
        }
        Value::Bool(_) | Value::Number(_) => true,
    }
}

/// Whether a property name is an `OData` annotation or action link rather than data.
pub fn is_annotation(name: &str) -> bool {
    name.contains('@') || name.starts_with('#')
}

impl<'de> Deserialize<'de> for Extra {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let all = BTreeMap::<String, Value>::deserialize(deserializer)?;
        Ok(Self(all.into_iter().filter(|(name, _)| !is_annotation(name)).collect()))
    }
}

impl Serialize for Extra {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// Reads `null` as the type's default, because Graph and export tools write both `null` and `[]`.
///
/// # Errors
/// The inner type's own error where the value is neither null nor of the type.
pub fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// Graph's flag enumerations: a comma-joined string (`"minor,moderate"`) or, in some exports, a list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flags<T>(pub Vec<T>);

impl<T> Default for Flags<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: PartialEq> Flags<T> {
    /// Whether the set names `value`.
    pub fn has(&self, value: &T) -> bool {
        self.0.contains(value)
    }
}

impl<'de, T: From<String>> Deserialize<'de> for Flags<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Joined<T>(std::marker::PhantomData<T>);
        impl<'de, T: From<String>> Visitor<'de> for Joined<T> {
            type Value = Flags<T>;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("a comma-joined string or a list of strings")
            }
            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Flags(Vec::new()))
            }
            fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Flags(Vec::new()))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
                Ok(Flags(parts.map(|part| T::from(part.to_owned())).collect()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some(item) = seq.next_element::<String>()? {
                    all.push(T::from(item));
                }
                Ok(Flags(all))
            }
        }
        deserializer.deserialize_any(Joined(std::marker::PhantomData))
    }
}

impl<T: AsRef<str>> Serialize for Flags<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let parts: Vec<&str> = self.0.iter().map(AsRef::as_ref).collect();
        serializer.serialize_str(&parts.join(","))
    }
}

/// Declares an open enumeration: known values compare without case, unknown ones keep their text.
#[macro_export]
macro_rules! open_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$vmeta])* $variant,)+
            /// A value this build does not know, in its own spelling.
            Unknown(String),
        }

        impl $name {
            /// Every known value, in declaration order.
            pub const KNOWN: &'static [$name] = &[$($name::$variant),+];

            /// Graph's spelling.
            pub fn as_str(&self) -> &str {
                match self {
                    $($name::$variant => $text,)+
                    $name::Unknown(text) => text,
                }
            }

            /// Whether this build knows the value.
            pub fn is_known(&self) -> bool {
                !matches!(self, $name::Unknown(_))
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                $(if text.eq_ignore_ascii_case($text) { return $name::$variant; })+
                $name::Unknown(text)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                $(if text.eq_ignore_ascii_case($text) { return $name::$variant; })+
                $name::Unknown(text.to_owned())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(Self::from(String::deserialize(deserializer)?))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    open_enum!(
        /// A colour.
        Colour { Red = "red", DeepBlue = "deepBlue" }
    );

    #[test]
    fn a_known_value_is_read_without_regard_to_case() {
        assert_eq!(Colour::from("DEEPBLUE"), Colour::DeepBlue);
    }

    #[test]
    fn a_value_added_tomorrow_keeps_its_spelling_through_a_round_trip() {
        let read: Colour = serde_json::from_str("\"ultraViolet\"").unwrap();
        assert_eq!(read, Colour::Unknown("ultraViolet".into()));
        assert_eq!(serde_json::to_string(&read).unwrap(), "\"ultraViolet\"");
    }

    #[test]
    fn known_values_know_that_they_are() {
        assert!(Colour::KNOWN.iter().all(Colour::is_known));
        assert!(!Colour::from("ultraViolet").is_known());
    }

    #[test]
    fn flags_read_from_a_joined_string_a_list_or_null() {
        let both = Flags(vec![Colour::Red, Colour::DeepBlue]);
        for text in ["\"red,deepBlue\"", "\"red, deepBlue\"", "[\"red\",\"deepBlue\"]"] {
            assert_eq!(serde_json::from_str::<Flags<Colour>>(text).unwrap(), both, "{text}");
        }
        assert_eq!(serde_json::from_str::<Flags<Colour>>("null").unwrap(), Flags::default());
    }

    #[test]
    fn annotations_and_empty_values_are_not_unknown_properties() {
        let extra: Extra = serde_json::from_str(
            r##"{"a@odata.type":"#Collection","@odata.id":"x","b":null,"c":[],"d":{"e":[]},"f":1}"##,
        )
        .unwrap();
        assert_eq!(extra.meaningful().map(|(k, _)| k).collect::<Vec<_>>(), ["f"]);
    }
}
