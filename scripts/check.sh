#!/usr/bin/env bash
# Everything that can be judged without running the program.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/step.sh 'formatting' cargo fmt --all --check
scripts/step.sh 'lints' cargo clippy --locked --workspace --all-targets --quiet -- -D warnings
scripts/step.sh 'licences, bans and sources' cargo deny --locked --log-level error check licenses bans sources
