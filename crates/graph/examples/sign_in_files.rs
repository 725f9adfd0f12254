//! Reads sign-in files and prints what they hold: for trying out exports.

use std::collections::BTreeMap;
use std::path::PathBuf;

use cstack_graph::export::{ReadError, ReadLimits};
use cstack_graph::sign_ins::{SignInOptions, read_sign_ins};

fn main() -> Result<(), ReadError> {
    for path in std::env::args().skip(1).map(PathBuf::from) {
        let options = SignInOptions { keep_going: true, limits: ReadLimits::default() };
        let mut kinds: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        let reading = read_sign_ins(
            std::slice::from_ref(&path),
            &options,
            |_| true,
            |record| {
                let of = (record.sign_in.shape.as_str(), record.sign_in.kind.as_str());
                *kinds.entry(of).or_default() += 1;
                Ok::<_, ReadError>(())
            },
        )?;
        println!("{}: {reading:?} {kinds:?}", path.display());
    }
    Ok(())
}
