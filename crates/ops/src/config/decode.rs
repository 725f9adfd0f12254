//! Turning a tree into typed settings. An error knows the key and the origin of what is wrong,
//! whichever layer that came from.

use std::collections::btree_map;
use std::slice;

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

use super::error::ConfigError;
use super::fault::{Fault, What};
use super::tree::{Node, Origin, Value};

/// Reads a type from a tree.
pub(super) fn decode<T: de::DeserializeOwned>(tree: &Node) -> Result<T, ConfigError> {
    T::deserialize(Place { node: tree }).map_err(|error| error.at(tree).into_config_error())
}

/// A node that is being read.
#[derive(Clone, Copy)]
struct Place<'de> {
    node: &'de Node,
}

impl<'de> Place<'de> {
    /// The text of a value that came without a type.
    fn bare(self) -> Option<&'de str> {
        match &self.node.value {
            Value::Text(text) if self.node.origin.is_text() => Some(text.trim()),
            _ => None,
        }
    }
}

impl<'de> Deserializer<'de> for Place<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.node.value {
            Value::Text(text) => visitor.visit_borrowed_str(text),
            Value::Whole(number) => visitor.visit_i64(*number),
            Value::Real(number) => visitor.visit_f64(*number),
            Value::Flag(flag) => visitor.visit_bool(*flag),
            Value::List(items) => visitor.visit_seq(Items { items: items.iter() }),
            Value::Table(entries) => {
                visitor.visit_map(Entries { entries: entries.iter(), value: None })
            }
        }
        .map_err(|fault| fault.at(self.node))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.bare() {
            Some("true" | "1" | "yes") => visitor.visit_bool(true),
            Some("false" | "0" | "no") => visitor.visit_bool(false),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.bare().map(str::parse) {
            Some(Ok(number)) => {
                visitor.visit_i64(number).map_err(|fault: Fault| fault.at(self.node))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_i8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_i16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match (self.bare().map(str::parse), &self.node.value) {
            (Some(Ok(number)), _) => visitor.visit_f64(number),
            (_, Value::Whole(number)) => visitor.visit_i64(*number),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.bare() {
            Some(text) => {
                let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
                let words = de::value::SeqDeserializer::new(words.map(Word));
                visitor.visit_seq(words).map_err(|fault: Fault| fault.at(self.node))
            }
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match &self.node.value {
            Value::Text(text) => visitor.visit_enum(Word(text)),
            other => {
                let found = Node { value: other.clone(), origin: Origin::Default }.to_json();
                Err(Fault::new(What::UnknownValue { value: found.to_string(), known }))
            }
        }
        .map_err(|fault| fault.at(self.node))
    }

    serde::forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit unit_struct tuple tuple_struct map struct
        identifier ignored_any
    }
}

/// A bare word: an item of a list given as text, or the name of a variant.
struct Word<'de>(&'de str);

impl<'de> IntoDeserializer<'de, Fault> for Word<'de> {
    type Deserializer = StrDeserializer<'de, Fault>;

    fn into_deserializer(self) -> Self::Deserializer {
        self.0.into_deserializer()
    }
}

impl<'de> EnumAccess<'de> for Word<'de> {
    type Error = Fault;
    type Variant = Unit;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Unit), Fault> {
        let name: StrDeserializer<'de, Fault> = self.0.into_deserializer();
        Ok((seed.deserialize(name)?, Unit))
    }
}

/// A variant that carries nothing: no setting has another kind.
struct Unit;

impl<'de> VariantAccess<'de> for Unit {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, _: S) -> Result<S::Value, Fault> {
        Err(de::Error::custom("this value needs more than a word"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Fault> {
        Err(de::Error::custom("this value needs more than a word"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Fault> {
        Err(de::Error::custom("this value needs more than a word"))
    }
}

struct Items<'de> {
    items: slice::Iter<'de, Node>,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Fault;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Fault> {
        self.items
            .next()
            .map(|node| seed.deserialize(Place { node }).map_err(|fault| fault.at(node)))
            .transpose()
    }
}

struct Entries<'de> {
    entries: btree_map::Iter<'de, String, Node>,
    value: Option<(&'de str, &'de Node)>,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Fault;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Fault> {
        let Some((key, node)) = self.entries.next() else {
            return Ok(None);
        };
        self.value = Some((key, node));
        let name: StrDeserializer<'de, Fault> = key.as_str().into_deserializer();
        seed.deserialize(name).map(Some).map_err(|fault| fault.at(node).inside(key))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Fault> {
        let Some((key, node)) = self.value.take() else {
            return Err(de::Error::custom("a value without a key"));
        };
        seed.deserialize(Place { node }).map_err(|fault| fault.at(node).inside(key))
    }
}
