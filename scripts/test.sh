#!/usr/bin/env bash
# Every test, cheapest first; the runners' own summaries come last in each step.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
step=scripts/step.sh
unset ENTREPOT_TEST_POSTGRES_URL

scripts/check.sh
$step 'build of the tests' cargo nextest run --locked --workspace --no-run
$step 'tests on SQLite' cargo nextest run --locked --workspace
$step 'tests on PostgreSQL' scripts/with-postgres.sh cargo nextest run --locked -p entrepot-server
$step 'documentation tests' cargo test --locked --workspace --doc --quiet
$step 'build of the executable' cargo build --locked -p entrepot
printf '\n== the executable, driven from outside (all so far: %d s)\n' "$SECONDS"
exec scripts/with-postgres.sh .venv/bin/python -m pytest tests
