//! Who calls and whether they may, asked with inputs made at random, for a bounded time each:
//! the `Authorization` header, the canonical request, signatures, and policies.
//!
//! `FUZZ_SECONDS` makes each test run longer; `FUZZ_SEED` begins with the seed that a failure has
//! named. What is worth trying again stands in `corpus/`.

mod authorization;
mod canonical;
mod dice;
mod evaluation;
mod naive;
mod patterns;
mod policies;
mod policy_maker;
mod request_maker;
mod signing;

use std::time::{Duration, Instant};

use dice::Dice;

const SECONDS: u64 = 10;

fn seconds() -> u64 {
    let asked = std::env::var("FUZZ_SECONDS").ok();
    let usual = match std::env::var_os("ENTREPOT_TEST_POSTGRES_URL") {
        // no database takes part, and these ran with the other one
        Some(_) => 1,
        None => SECONDS,
    };
    asked.and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Runs `check` with seed after seed until the time is over.
fn run(mut check: impl FnMut(&mut Dice)) {
    let first = std::env::var("FUZZ_SEED").ok();
    let first = first.and_then(|text| text.parse().ok()).unwrap_or(1);
    let until = Instant::now() + Duration::from_secs(seconds());
    for seed in first.. {
        let round = std::panic::AssertUnwindSafe(|| check(&mut Dice::new(seed)));
        if let Err(panic) = std::panic::catch_unwind(round) {
            eprintln!("FUZZ_SEED={seed}");
            std::panic::resume_unwind(panic);
        }
        if Instant::now() > until {
            println!("seeds {first} to {seed}");
            break;
        }
    }
}
