#!/usr/bin/env bash
# Every test, cheapest first; the runners' own summaries come last in each step.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
step=scripts/step.sh
unset ENTREPOT_TEST_POSTGRES_URL

scripts/check.sh
$step 'build of the tests' cargo nextest run --locked --workspace --no-run
$step 'tests on SQLite' cargo nextest run --locked --workspace
# the whole workspace each time: with one package alone, features of dependencies differ and all is built again
$step 'tests on PostgreSQL' scripts/with-postgres.sh cargo nextest run --locked --workspace -E 'package(entrepot-server)'
$step 'documentation tests' cargo test --locked --workspace --doc --quiet
$step 'build of the executable' cargo build --locked --workspace
printf '\n== the executable, driven from outside (all so far: %d s)\n' "$SECONDS"
exec scripts/with-postgres.sh .venv/bin/python -m pytest tests
