//! Anonymous memory of the server, sampled through all the other measurements.

use crate::bench::{Bench, Seen};
use crate::report::{Bound, Row};

const MB: f64 = 1e6;

pub fn rows(bench: &Bench) -> Vec<Row> {
    let seen = bench.seen();
    let (idle, busy): (Vec<Seen>, Vec<Seen>) = seen.into_iter().partition(|seen| seen.idle);
    let mut rows = Vec::new();
    for (figure, most, seen) in [
        ("anonymous memory, idle", 30.0, idle),
        ("anonymous memory, most of all", 150.0, busy),
    ] {
        let Some(peak) = seen.iter().map(mb).max_by(f64::total_cmp) else {
            continue;
        };
        let each = seen
            .iter()
            .map(|seen| format!("{} {:.0}", seen.what, mb(seen)));
        let each = each.collect::<Vec<_>>().join(", ");
        rows.push(Row::measured(
            figure,
            Bound::AtMost(most),
            peak,
            " MB",
            each,
        ));
    }
    rows
}

#[expect(clippy::cast_precision_loss, reason = "memory is far below 2^52 bytes")]
fn mb(seen: &Seen) -> f64 {
    seen.bytes as f64 / MB
}
