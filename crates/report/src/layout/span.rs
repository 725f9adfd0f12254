//! A piece of text that is safe to show.

use std::borrow::Cow;

use crate::clean::clean;

use super::Paint;

/// Text for a terminal. There is no way to make one that keeps control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span<'a> {
    text: Cow<'a, str>,
    paint: Paint,
}

impl<'a> Span<'a> {
    /// Text in the terminal's own colour.
    pub(crate) fn new(text: impl Into<Cow<'a, str>>) -> Self {
        Self::painted(text, Paint::Plain)
    }

    /// Coloured text.
    pub(crate) fn painted(text: impl Into<Cow<'a, str>>, paint: Paint) -> Self {
        let text = match text.into() {
            Cow::Borrowed(text) => clean(text),
            Cow::Owned(text) => match clean(&text) {
                Cow::Owned(safe) => Cow::Owned(safe),
                Cow::Borrowed(_) => Cow::Owned(text),
            },
        };
        Self { text, paint }
    }

    /// The text, without what could steer a terminal.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Its colour.
    pub(crate) fn paint(&self) -> Paint {
        self.paint
    }
}
