#!/bin/sh
# A flightdeck bridge adapter in POSIX sh: it runs the command that it is given, with each contract's JSON on standard
# input, and reports what that prints. In config.yaml:
#
#   - id: my-agent
#     kind: bridge
#     command: [sh, adapter.sh, my-agent, --quiet]
#
# It reads flightdeck's lines without a JSON parser: their members come in a fixed order and without white space, see
# PROTOCOL.md.
set -u
[ $# -gt 0 ] || { echo "usage: adapter.sh COMMAND [ARGUMENT]..." >&2; exit 2; }
runs=$(mktemp -d) || exit 1
trap 'rm -rf "$runs"' EXIT
trap 'exit 0' HUP INT TERM

reply() { printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$1" "$2"; }
fault() { printf '{"jsonrpc":"2.0","id":%s,"error":{"code":%s,"message":"%s"}}\n' "$1" "$2" "$3"; }
event() { printf '{"jsonrpc":"2.0","method":"event","params":{"runId":"%s",%s}}\n' "$1" "$2"; }

# The inside of a JSON string, from a line of text.
quoted() { printf '%s' "$1" | LC_ALL=C tr -d '\000-\010\012-\037' | sed 's/\\/\\\\/g; s/"/\\"/g; s/	/\\t/g'; }

# Ends a command with all that it has started in its session: politely, then not.
stop() {
  kill -s TERM -- "-$2" 2>/dev/null || kill -TERM "$2" 2>/dev/null
  { sleep 2; [ -e "$runs/$1.end" ] || kill -s KILL -- "-$2"; } >/dev/null 2>&1 &
}

# Follows one run to its end; goes on in the background.
work() {
  run=$1
  shift
  {
    setsid "$@" <"$runs/$run.contract" 2>&1 &
    agent=$!
    echo $agent >"$runs/$run.pid"
    [ ! -e "$runs/$run.canceled" ] || stop "$run" $agent
    if wait $agent; then echo succeeded; else echo failed; fi >"$runs/$run.word"
  } | while IFS= read -r text || [ -n "$text" ]; do
    event "$run" "\"type\":\"output\",\"text\":\"$(quoted "$text")\""
    quoted "$text" >"$runs/$run.last"
  done
  read -r end <"$runs/$run.word"
  [ ! -e "$runs/$run.canceled" ] || end=canceled
  echo $end >"$runs/$run.new" && mv "$runs/$run.new" "$runs/$run.end"
  event "$run" "\"type\":\"$end\""
}

while IFS= read -r line; do
  id=${line#*\"id\":} && id=${id%%,*}
  method=${line#*\"method\":\"} && method=${method%%\"*}
  # The first of the line: in startTask it is the contract's own.
  run=${line#*\"runId\":\"} && run=${run%%\"*}
  case $method in
    getStatus | cancelTask | getArtifacts)
      [ -e "$runs/$run.contract" ] || { fault "$id" -32001 "unknown run"; continue; } ;;
  esac
  case $method in
    initialize)
      members='"startTask","getStatus","cancelTask","getArtifacts","onEvent","runtimeId","getCapabilities"'
      reply "$id" "{\"protocol\":1,\"name\":\"adapter.sh\",\"members\":[$members]}" ;;
    runtimeId) reply "$id" '"shell"' ;;
    getCapabilities)
      reply "$id" '{"canCreateBranch":false,"canCreatePR":false,"supportsWebhooks":false,"supportsStreaming":true,"maxParallelTasks":4}' ;;
    startTask)
      contract=${line#*\"contract\":}
      printf '%s\n' "${contract%\}\}}" >"$runs/$run.contract"
      work "$run" "$@" &
      reply "$id" "{\"runId\":\"$run\",\"runtimeSessionId\":\"sh-$!\"}" ;;
    getStatus)
      if [ -e "$runs/$run.end" ]; then read -r end <"$runs/$run.end"; else end=running; fi
      reply "$id" "{\"status\":\"$end\",\"progress\":$([ "$end" = succeeded ] && echo 1 || echo 0)}" ;;
    cancelTask)
      if [ ! -e "$runs/$run.end" ]; then
        touch "$runs/$run.canceled"
        [ ! -e "$runs/$run.pid" ] || stop "$run" "$(cat "$runs/$run.pid")"
      fi
      reply "$id" null ;;
    getArtifacts)
      note=$(cat "$runs/$run.last" 2>/dev/null)
      reply "$id" "{\"files_changed\":[],\"diff_summary\":\"\",\"commands_run\":[\"$(quoted "$*")\"],\"tests_run\":[],\"handoff_note\":\"$note\"}" ;;
    *) fault "$id" -32601 "there is no such method" ;;
  esac
done

# The end of standard input: whoever has started this is gone, or wants it to go.
for file in "$runs"/*.pid; do
  [ ! -e "$file" ] || kill -s TERM -- "-$(cat "$file")" 2>/dev/null
done
exit 0
