#!/usr/bin/env bash
# Holds a real orchestrator to its own /openapi.json with schemathesis: no 5xx, every answer in its schema, every status
# described. It listens on loopback with a token, runs the simulated runtime alone, and everything is in a folder of its own.
# Usage: Tests/Schemathesis/run.sh [EXAMPLES [SEED]]      EXAMPLES an operation, 20; for a long run: run.sh 1000 $RANDOM
# FLIGHTDECK names the program; default .build/debug/flightdeck.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
program=${FLIGHTDECK:-$here/../../.build/debug/flightdeck}
st="${XDG_CACHE_HOME:-$HOME/.cache}/flightdeck-tests/schemathesis/bin/st"
[ -x "$st" ] || { echo "schemathesis is not installed: Tests/install-peer.sh schemathesis st schemathesis==4.32.5" >&2; exit 2; }

folder=$(mktemp -d /tmp/fds-XXXXXX)
server=
finish() {
  [ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server" 2>/dev/null; } || true
  rm -rf "$folder"
}
trap finish EXIT
cat > "$folder/config.yaml" <<END
runtimes: [{id: simulated, kind: simulated, maxParallelTasks: 8, medianSeconds: 0.2, maxSeconds: 1, seed: 1}]
END
: > "$folder/out"
HOME=$folder XDG_RUNTIME_DIR=$folder "$program" serve --state "$folder/s" --config "$folder/config.yaml" \
  --listen http://127.0.0.1:0 > "$folder/out" 2> "$folder/err" &
server=$!
# The line comes when it listens; without one the server has ended.
url=
while [ -z "$url" ]; do
  url=$(sed -n 's/^listening on \(http.*\)$/\1/p' "$folder/out")
  [ -n "$url" ] || kill -0 "$server" 2>/dev/null || { cat "$folder/err" >&2; exit 1; }
  [ -n "$url" ] || sleep 0.05
done
# Runs of every kind: ended, waiting for approval, canceled.
call() { HOME=$folder XDG_RUNTIME_DIR=$folder FLIGHTDECK_TOKEN_FILE=$folder/s/token "$program" "$@" --connect "$url"; }
echo '[{"title":"ends"},{"title":"ends too"},{"title":"waits","labels":["auth"]},{"title":"waits too","labels":["payment"]}]' \
  > "$folder/work.json"
runs=$(call dispatch --file "$folder/work.json" --json | grep -o '"runId": *"[0-9A-Z]*"' | grep -o '[0-9A-Z]\{26\}' | tr '\n' ' ')
call token create spare --role viewer > /dev/null
[ -n "$runs" ] || { echo "nothing was dispatched" >&2; exit 1; }
cd "$folder"
status=0
FLIGHTDECK_RUNS=$runs SCHEMATHESIS_HOOKS=hooks PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1 "$st" --config-file "$here/schemathesis.toml" \
  run "$url/openapi.json" -H "Authorization: Bearer $(cat "$folder/s/token")" \
  --max-examples "${1:-20}" --seed "${2:-1}" --no-color || status=$?
# It serves on, and said nothing of an error of its own.
kill -0 "$server" || { echo "the orchestrator has ended" >&2; status=1; }
if grep -q " error " "$folder/err"; then cat "$folder/err" >&2; status=1; fi
exit $status
