//! Texts as small numbers.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// A text's number; equal texts have equal numbers within one [`Symbols`].
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
pub struct Symbol(pub(crate) u32);

impl Symbol {
    /// No text: the record did not say.
    pub const NONE: Self = Self(0);

    /// Whether there is no text.
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }
}

/// Every text that was seen, once.
#[derive(Debug, Clone, Default)]
pub struct Symbols {
    texts: Vec<Box<str>>,
    numbers: FxHashMap<Box<str>, u32>,
}

impl Symbols {
    /// The number of a text, which gets one where it is new.
    pub fn of(&mut self, text: &str) -> Symbol {
        if text.is_empty() {
            return Symbol::NONE;
        }
        if let Some(number) = self.numbers.get(text) {
            return Symbol(*number);
        }
        self.texts.push(text.into());
        // 0 is no text. Four thousand million different texts do not fit into memory.
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.numbers.insert(text.into(), number);
        Symbol(number)
    }

    /// The number of a text that may be absent.
    pub fn of_option(&mut self, text: Option<&str>) -> Symbol {
        text.map_or(Symbol::NONE, |text| self.of(text))
    }

    /// The number of a text that has been seen.
    pub fn known(&self, text: &str) -> Option<Symbol> {
        self.numbers.get(text).map(|number| Symbol(*number))
    }

    /// The text of a number; empty for none.
    pub fn text(&self, symbol: Symbol) -> &str {
        let at = usize::try_from(symbol.0).ok().and_then(|number| number.checked_sub(1));
        at.and_then(|at| self.texts.get(at)).map_or("", |text| text)
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}

impl Serialize for Symbols {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.texts.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Symbols {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut out = Self::default();
        for text in Vec::<Box<str>>::deserialize(deserializer)? {
            out.of(&text);
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_number_and_no_text_is_none() {
        let mut symbols = Symbols::default();
        let (one, two) = (symbols.of("AS2860"), symbols.of("AS9009"));
        assert_ne!(one, two);
        assert_eq!(symbols.of("AS2860"), one);
        assert_eq!(symbols.text(two), "AS9009");
        assert_eq!(symbols.of_option(None), Symbol::NONE);
        assert_eq!(symbols.text(Symbol::NONE), "");
        assert_eq!(symbols.text(Symbol(99)), "");
    }
}
