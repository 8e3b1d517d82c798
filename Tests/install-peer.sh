#!/bin/sh
# Installs a program from PyPI that tests run, at a pinned version, into a virtual environment outside the repository.
# Usage: Tests/install-peer.sh FOLDER PROGRAM PACKAGE==VERSION [PACKAGE…]
#   Tests/install-peer.sh mini mini mini-swe-agent==2.4.6 mcp              for MiniAgentTests
#   Tests/install-peer.sh schemathesis st schemathesis==4.32.5             for SchemathesisTests
# About a minute each; needs python3 with venv, 3.10 or later, and PyPI.
set -eu
[ $# -ge 3 ] || { sed -n 's/^# Usage: /usage: /p' "$0" >&2; exit 2; }
home="${XDG_CACHE_HOME:-$HOME/.cache}/flightdeck-tests/$1"
program="$2"
shift 2
pinned="$1"
if [ -x "$home/bin/$program" ] && "$home/bin/pip" freeze 2>/dev/null | grep -qx "$pinned"; then
  echo "$pinned is already in $home"
  exit 0
fi
python=""
for candidate in python3.12 python3.11 python3.10 python3; do
  if "$candidate" -c "import venv" >/dev/null 2>&1; then python="$candidate"; break; fi
done
[ -n "$python" ] || { echo "install-peer: no python3 in PATH; apt-get install python3-venv" >&2; exit 1; }
mkdir -p "$(dirname "$home")"
"$python" -m venv "$home"
"$home/bin/pip" install --quiet --disable-pip-version-check "$@"
echo "$pinned is in $home"
