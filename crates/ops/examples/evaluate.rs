//! Evaluates detection on synthetic tenants: for measuring. `evaluate SCENARIO PEOPLE SEEDS...`

use cstack_ops::anomaly::evaluation::{Judged, Trial, judge};
use detect::model::Plan;
use detect::quality::quality;
use fixtures::sign_ins::{Company, scenario};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(name), Some(people)) = (arguments.next(), arguments.next()) else {
        return Err("evaluate SCENARIO PEOPLE SEEDS...".into());
    };
    let people: usize = people.parse()?;
    let mut patterns = cstack_ops::catalogue::built_in_patterns()?;
    patterns.retain(|pattern| pattern.kind != "off-hours-admin");
    let (history, days) = (scenario("baseline")?, scenario(&name)?);
    let taught = scenario("injected")?;
    for seed in arguments {
        let seed: u64 = seed.parse()?;
        let company = Company::synthetic(people, seed);
        let as_of = fixtures::demonstration::AS_OF.parse()?;
        for attacked in [true, false] {
            let trial = Trial {
                company: &company,
                history: &history,
                taught: &taught,
                scenario: &days,
                attacked,
                seed,
                as_of,
            };
            let judged = judge(&trial, &patterns, &Plan::default())?;
            if std::env::var_os("CSTACK_CURVE").is_some() {
                curve(&judged);
            }
            if std::env::var_os("CSTACK_TELL").is_some() {
                tell(&judged);
            }
            let found = quality(&judged.rows, &judged.attacks, &judged.incidents, judged.user_days);
            println!(
                "seed {seed} {}: incidents P {:.2} R {:.2} ({}/{} alerts, {}/{} attacks), false {:.2}/1000d, rows P {:.2} R {:.2} P@.9 {:.2}",
                if attacked { "attacked" } else { "clean" },
                found.precision(),
                found.recall(),
                found.true_alerts,
                found.alerts,
                found.found,
                found.attacks,
                found.false_rate(),
                found.row_precision,
                found.row_recall,
                found.row_precision_at_90,
            );
            if attacked {
                let missed: Vec<String> = found
                    .kinds
                    .iter()
                    .filter(|(_, k)| k.found < k.attacks)
                    .map(|(n, k)| format!("{n} {}/{}", k.found, k.attacks))
                    .collect();
                println!("   missed: {}", missed.join(", "));
            }
        }
    }
    Ok(())
}

/// What each incident says above the bar, and what is true of it: for curves over bars.
fn curve(judged: &Judged) {
    let by: std::collections::HashMap<&str, usize> =
        judged.rows.iter().filter_map(|row| Some((&*row.id, row.attack?))).collect();
    println!("DAYS {}", judged.user_days);
    for of in detect::incident::latest(&judged.incidents) {
        let bad: Vec<usize> = of.sign_ins.iter().filter_map(|id| by.get(&**id).copied()).collect();
        let attacks: std::collections::BTreeSet<usize> = bad.iter().copied().collect();
        let attacks: Vec<String> = attacks.iter().map(usize::to_string).collect();
        let right = usize::from(bad.len() * 2 >= of.sign_ins.len().max(1));
        println!("INC {:.2} {right} {}", of.nats() - judged.bar, attacks.join(","));
    }
    println!("ATT {}", judged.attacks.len());
}

/// Every alert, and every attack that is none.
fn tell(judged: &Judged) {
    let by: std::collections::HashMap<&str, &detect::quality::TrueRow> =
        judged.rows.iter().map(|row| (&*row.id, row)).collect();
    println!("bar {:.1}", judged.bar);
    let mut order: Vec<_> = judged.incidents.iter().collect();
    order.sort_by(|a, b| b.nats().total_cmp(&a.nats()));
    let mut found = std::collections::BTreeSet::new();
    for of in order {
        let bad: Vec<usize> = of.sign_ins.iter().filter_map(|id| by.get(&**id)?.attack).collect();
        let mut kinds: Vec<String> = bad
            .iter()
            .map(|at| {
                format!(
                    "{}#{at}{}",
                    judged.attacks[*at].kind,
                    if judged.attacks[*at].slow { "-slow" } else { "" }
                )
            })
            .collect();
        kinds.dedup();
        if of.told_at.is_some() {
            found.extend(bad.iter().copied());
        } else if bad.is_empty() {
            continue;
        }
        let top: Vec<String> = of.strangest.iter().map(|s| format!("{:.1}", s.nats)).collect();
        let s = &of.strangest[0];
        let new: Vec<_> = detect::facet::Facet::ALL.iter().filter(|f| s.new.has(**f)).collect();
        println!(
            "{} {:.1} rows {} bad {} accounts {} {kinds:?} {:?} {top:?} {new:?} AS{} {:?} seen {}",
            if of.told_at.is_some() { "TOLD" } else { "----" },
            of.nats(),
            of.count,
            bad.len(),
            of.accounts.len(),
            of.patterns,
            s.asn,
            s.verdict,
            s.sightings
        );
    }
    for (at, attack) in judged.attacks.iter().enumerate().filter(|(at, _)| !found.contains(at)) {
        let rows: Vec<String> = judged
            .rows
            .iter()
            .filter(|r| r.attack == Some(at))
            .take(12)
            .map(|r| format!("{:.1}", r.nats))
            .collect();
        println!("MISSED {}#{at} slow={} {rows:?}", attack.kind, attack.slow);
    }
}
