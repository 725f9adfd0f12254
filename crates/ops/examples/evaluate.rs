//! Evaluates detection on synthetic tenants: for measuring. `evaluate SCENARIO PEOPLE SEEDS...`

use cstack_ops::anomaly::evaluation::{Trial, evaluate};
use detect::model::Plan;
use fixtures::sign_ins::{Company, scenario};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(name), Some(people)) = (arguments.next(), arguments.next()) else {
        return Err("evaluate SCENARIO PEOPLE SEEDS...".into());
    };
    let people: usize = people.parse()?;
    let patterns = cstack_ops::catalogue::built_in_patterns()?;
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
            let found = evaluate(&trial, &patterns, &Plan::default())?;
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
