//! Text for terminals: measured, wrapped, aligned and coloured.
//!
//! Whatever is drawn goes through [`Span`], which makes it safe to show.

mod grid;
mod measure;
mod paint;
mod screen;
mod span;

pub(crate) use grid::{Column, Grid};
pub(crate) use measure::{cut, pad_right, width, wrap};
pub(crate) use paint::{Paint, of_rung, of_severity, of_status};
pub(crate) use screen::Screen;
pub(crate) use span::Span;
