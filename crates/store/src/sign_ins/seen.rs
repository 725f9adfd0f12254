//! Which sign-ins are there already, a day at a time: what bounds memory.

use std::collections::{BTreeMap, HashSet};

use duckdb::{Connection, params};
use model::Timestamp;
use model::canonical::sha256_hex;
use rustc_hash::FxBuildHasher;

use crate::StoreError;
use crate::times::from_micros;

/// Days whose ids are kept in memory; the ones that were not asked for longest go first.
const DAYS: usize = 40;
const DAY_MICROS: i64 = 86_400_000_000;

/// An id in 16 bytes: the UUID that it is, or the head of its SHA-256.
pub(super) fn key(id: &str) -> u128 {
    uuid::Uuid::try_parse(id).map_or_else(
        |_| {
            let digest = sha256_hex(&[id.as_bytes()]);
            digest.get(..32).and_then(|head| u128::from_str_radix(head, 16).ok()).unwrap_or(0)
        },
        |uuid| uuid.as_u128(),
    )
}

#[derive(Debug, Default)]
struct Day {
    ids: HashSet<u128, FxBuildHasher>,
    asked: u64,
}

/// The ids of a tenant's sign-ins, of those days that were asked for. A record has one time, so
/// that its id can be there on its own day only.
#[derive(Debug, Default)]
pub(super) struct Seen {
    days: BTreeMap<i64, Day>,
    clock: u64,
}

impl Seen {
    pub(super) fn day_of(at: Timestamp) -> i64 {
        at.as_microsecond().div_euclid(DAY_MICROS)
    }

    /// Whether the ids of that day are in memory.
    pub(super) fn knows(&self, day: i64) -> bool {
        self.days.contains_key(&day)
    }

    /// Loads the ids of a day: those that count, and those that this import brought before it was
    /// stopped.
    pub(super) fn load(
        &mut self,
        conn: &Connection,
        tenant: &str,
        import_id: &str,
        day: i64,
    ) -> Result<(), StoreError> {
        let mut statement = conn.prepare(
            "SELECT id FROM sign_in
             WHERE tenant = ?1 AND happened_at >= ?2 AND happened_at < ?3
               AND (import_id = ?4
                 OR import_id IN (SELECT import_id FROM sign_in_import WHERE tenant = ?1))",
        )?;
        let from = from_micros(day.saturating_mul(DAY_MICROS));
        let to = from_micros(day.saturating_add(1).saturating_mul(DAY_MICROS));
        let sql = crate::times::to_sql;
        let mut rows = statement.query(params![tenant, sql(from), sql(to), import_id])?;
        let mut ids = HashSet::default();
        while let Some(row) = rows.next()? {
            let id = row.get_ref(0)?;
            ids.insert(key(id.as_str().map_err(|e| StoreError::Columns(e.to_string()))?));
        }
        self.clock += 1;
        self.days.insert(day, Day { ids, asked: self.clock });
        Ok(())
    }

    /// Notes an id of a day that is in memory; whether it is new.
    pub(super) fn note(&mut self, day: i64, id: &str) -> bool {
        self.clock += 1;
        let entry = self.days.entry(day).or_default();
        entry.asked = self.clock;
        entry.ids.insert(key(id))
    }

    /// Lets the days go that were not asked for longest, once they are written.
    pub(super) fn forget(&mut self) {
        while self.days.len() > DAYS {
            let oldest = self.days.iter().min_by_key(|(_, day)| day.asked).map(|(day, _)| *day);
            let Some(oldest) = oldest else { return };
            self.days.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_its_own_key_in_any_spelling_and_other_ids_have_keys_of_their_own() {
        let upper = key("3FF3C13E-B87D-40D2-A8C9-FD49E837C830");
        assert_eq!(upper, key("3ff3c13e-b87d-40d2-a8c9-fd49e837c830"));
        assert_ne!(key("derived-1"), key("derived-2"));
    }

    #[test]
    fn times_before_1970_have_days_too() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(Seen::day_of(at("1969-12-31T23:59:59Z")), -1);
        assert_eq!(Seen::day_of(at("1970-01-01T00:00:00Z")), 0);
    }
}
