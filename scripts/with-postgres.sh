#!/usr/bin/env bash
# Runs a command beside a PostgreSQL of its own, in a temporary folder that is removed afterwards.
# Usage: scripts/with-postgres.sh COMMAND…   (the command finds ENTREPOT_TEST_POSTGRES_URL)
set -euo pipefail

[ $# -gt 0 ] || { echo "usage: scripts/with-postgres.sh COMMAND…" >&2; exit 2; }

bin=$(compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -n 1 | xargs -r dirname)
[ -n "$bin" ] || bin=$(dirname "$(command -v initdb)")
folder=$(mktemp -d "${TMPDIR:-/tmp}/entrepot-postgres.XXXXXX")
server=
child=

# PostgreSQL refuses to run as root. A server whose starter died stops with it.
as_postgres=(setpriv --pdeathsig INT)
if [ "$(id -u)" = 0 ]; then
  account=postgres
  id -u "$account" >/dev/null 2>&1 || account=nobody
  group=$(id -g "$account")
  chown "$account" "$folder"
  as_postgres+=(--reuid "$account" --regid "$group" --clear-groups)
fi

clean_up() {
  trap - EXIT
  if [ -n "$server" ] && kill -0 "$server" 2>/dev/null; then
    kill -INT "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
install -m 600 /dev/stdin "$folder/password" <<<"$password"
[ "$(id -u)" != 0 ] || chown "$account" "$folder/password"

# A linguistic collation on purpose: a query that forgets to ask for the binary one shows itself.
(cd "$folder" && "${as_postgres[@]}" "$bin/initdb" --pgdata "$folder/data" --username entrepot \
  --pwfile "$folder/password" --auth-local md5 --auth-host md5 --encoding UTF8 --locale C.UTF-8 \
  --locale-provider icu --icu-locale en-US --no-sync --no-instructions >"$folder/initdb.log" 2>&1) ||
  { cat "$folder/initdb.log" >&2; exit 1; }

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Another process may take the port between the question and the start, so a few ports are tried.
start_server() {
  local attempt waited
  for attempt in 1 2 3 4 5; do
    port=$(free_port)
    (cd "$folder" && exec "${as_postgres[@]}" "$bin/postgres" -D "$folder/data" -p "$port" -k "$folder" \
      -c listen_addresses=127.0.0.1 -c max_connections=200 -c password_encryption=md5 -c fsync=off \
      >>"$folder/server.log" 2>&1) &
    server=$!
    for ((waited = 0; waited < 300; waited++)); do
      kill -0 "$server" 2>/dev/null || break
      if "$bin/pg_isready" -q -h 127.0.0.1 -p "$port"; then return 0; fi
      sleep 0.1
    done
    kill -INT "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  done
  cat "$folder/server.log" >&2
  return 1
}
# pg_isready may hear another cluster on a port that was taken; only ours knows the password.
start_server
export PGPASSWORD=$password
"$bin/psql" -qtA -h 127.0.0.1 -p "$port" -U entrepot -d postgres -c 'SELECT 1' >/dev/null
unset PGPASSWORD
export ENTREPOT_TEST_POSTGRES_URL="postgres://entrepot:$password@127.0.0.1:$port/postgres"

# In a process group of its own the command can be told to stop, together with all it started.
set -m
"$@" &
child=$!
set +m
trap 'kill -INT -- "-$child" 2>/dev/null || true' INT
trap 'kill -TERM -- "-$child" 2>/dev/null || true' TERM
status=0
wait "$child" || status=$?
while kill -0 "$child" 2>/dev/null; do
  status=0
  wait "$child" || status=$?
done
exit "$status"
