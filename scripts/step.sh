#!/usr/bin/env bash
# Runs one named step and says how long it took. Usage: scripts/step.sh NAME COMMAND…
set -euo pipefail

name=$1
shift
printf '\n== %s\n' "$name"
started=$SECONDS
status=0
"$@" || status=$?
if [ "$status" = 0 ]; then
  printf '== %s: %d s\n' "$name" "$((SECONDS - started))"
else
  printf '== %s: FAILED with status %d after %d s\n' "$name" "$status" "$((SECONDS - started))" >&2
fi
exit "$status"
