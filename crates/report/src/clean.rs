//! Foreign text without what could steer a terminal or mislead a reader.

use std::borrow::Cow;

/// What [`model::text::sanitize`] gives, at once where the text is plain ASCII, as most of it is.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        Cow::Borrowed(text)
    } else {
        model::text::sanitize(text)
    }
}
