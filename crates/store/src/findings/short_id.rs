//! Ids to type: the beginning of a fingerprint, as long as it takes to tell it apart.

use std::collections::HashMap;

use duckdb::Connection;

/// The least length of a short id.
pub const SHORT_ID_LENGTH: usize = 8;

/// How long the short id of each finding is. Most are [`SHORT_ID_LENGTH`] long; only those that
/// share that many characters with another are kept here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShortIds {
    longer: HashMap<String, usize>,
}

impl ShortIds {
    /// The short ids of these fingerprints, told apart among themselves.
    pub fn among<'f>(fingerprints: impl IntoIterator<Item = &'f str>) -> Self {
        let mut sorted: Vec<_> = fingerprints.into_iter().collect();
        sorted.sort_unstable();
        sorted.dedup();
        let mut longer = HashMap::new();
        for pair in sorted.windows(2) {
            let [one, other] = pair else { continue };
            let shared = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
            if shared < SHORT_ID_LENGTH {
                continue;
            }
            for fingerprint in [one, other] {
                let length = longer.entry((*fingerprint).to_owned()).or_insert(0);
                *length = (*length).max(shared + 1);
            }
        }
        Self { longer }
    }

    /// The short id of a finding.
    pub fn of<'f>(&self, fingerprint: &'f str) -> &'f str {
        let length = self.longer.get(fingerprint).copied().unwrap_or(SHORT_ID_LENGTH);
        fingerprint.get(..length).unwrap_or(fingerprint)
    }
}

/// The short ids of all findings.
pub(crate) fn read(conn: &Connection) -> duckdb::Result<ShortIds> {
    let mut statement = conn.prepare(
        "SELECT fingerprint FROM finding WHERE left(fingerprint, 8) IN
             (SELECT left(fingerprint, 8) FROM finding GROUP BY 1 HAVING count(*) > 1)",
    )?;
    let shared: Vec<String> =
        statement.query_map([], |row| row.get(0))?.collect::<duckdb::Result<_>>()?;
    Ok(ShortIds::among(shared.iter().map(String::as_str)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_eight_characters_where_that_tells_it_apart() {
        let ids = ShortIds::among(["0123456789", "fedcba9876"]);
        assert_eq!(ids.of("0123456789"), "01234567");
    }

    #[test]
    fn ids_that_begin_alike_grow_until_they_differ() {
        let ids = ShortIds::among(["0123456789a", "0123456789b", "01234567ff0"]);
        assert_eq!(ids.of("0123456789a"), "0123456789a");
        assert_eq!(ids.of("0123456789b"), "0123456789b");
        assert_eq!(ids.of("01234567ff0"), "01234567f");
    }
}
