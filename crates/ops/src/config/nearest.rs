//! The name somebody probably meant.

/// The candidate most like `name`, if any is like it at all.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            let likeness = strsim::normalized_damerau_levenshtein(&name, &candidate.to_lowercase());
            (candidate, likeness)
        })
        .filter(|(_, likeness)| *likeness >= 0.5)
        .max_by(|one, other| one.1.total_cmp(&other.1))
        .map(|(candidate, _)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_hand_finds_its_name() {
        assert_eq!(
            nearest("memroy-limit", ["path", "memory-limit", "threads"]),
            Some("memory-limit")
        );
        assert_eq!(nearest("memory_limit", ["path", "memory-limit"]), Some("memory-limit"));
    }

    #[test]
    fn a_stranger_finds_none() {
        assert_eq!(nearest("zebra", ["path", "memory-limit"]), None);
    }
}
