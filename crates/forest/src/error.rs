//! What can be wrong with parameters, rows, trees and model files.

use thiserror::Error;

/// Why a forest cannot be grown, read, asked or explained.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum ForestError {
    /// A parameter is out of its range.
    #[error("parameter `{name}` is {found}; it must be {wanted}")]
    Parameter {
        /// The parameter's name.
        name: &'static str,
        /// The value given.
        found: String,
        /// What is allowed.
        wanted: &'static str,
    },
    /// There is no row or no column.
    #[error("at least one row and one column are needed, but there are {rows} x {columns}")]
    Empty {
        /// Rows given.
        rows: usize,
        /// Columns given.
        columns: usize,
    },
    /// One row has nothing to be strange beside.
    #[error("a forest grows on two rows or more; only one was given")]
    OneRow,
    /// More rows or columns than indices can hold.
    #[error("the matrix is {rows} x {columns}; at most 4294967295 rows and 32767 columns fit")]
    TooLarge {
        /// Rows given.
        rows: usize,
        /// Columns given.
        columns: usize,
    },
    /// The rows are not of the shape that the forest was grown on.
    #[error("the forest was grown on {expected} columns, but the rows have {found}")]
    Columns {
        /// Columns the forest knows.
        expected: usize,
        /// Columns given.
        found: usize,
    },
    /// The place for the results does not fit the rows.
    #[error("{rows} rows were given, but there is room for {room} results")]
    Room {
        /// Rows given.
        rows: usize,
        /// Results that fit.
        room: usize,
    },
    /// A value is infinite. Missing values are NaN; infinity has no place between two numbers.
    #[error("row {row}, column {column} is infinite; write NaN where a value is missing")]
    Infinite {
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        column: usize,
    },
    /// A given tree is not a tree.
    #[error("tree {tree}: {reason}")]
    Tree {
        /// Index of the tree, from 0.
        tree: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The bytes do not begin as a model does.
    #[error("this is not a cstack forest model")]
    NotAModel,
    /// The model was written by a later version of cstack.
    #[error(
        "the model has format {found}, but this version reads up to {supported}; update cstack"
    )]
    Newer {
        /// The format's version in the file.
        found: u32,
        /// The latest that can be read.
        supported: u32,
    },
    /// The bytes end before the model does.
    #[error("the model is truncated: {found} bytes of {expected}; copy or train it again")]
    Truncated {
        /// Bytes that there should be.
        expected: u64,
        /// Bytes that there are.
        found: u64,
    },
    /// The checksum does not hold.
    #[error("the model was altered: its SHA-256 does not match; copy or train it again")]
    Altered,
    /// The checksum holds but the content makes no sense.
    #[error("the model is malformed: {0}")]
    Malformed(&'static str),
    /// What linfa says when it checks a data set.
    #[error("linfa: {0}")]
    Linfa(String),
}

impl From<linfa::Error> for ForestError {
    fn from(error: linfa::Error) -> Self {
        Self::Linfa(error.to_string())
    }
}
