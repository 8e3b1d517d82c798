#!/bin/sh
# Installs the pinned schemathesis that SchemathesisTests runs, into a virtual environment outside the repository.
# Usage: Tests/Schemathesis/install.sh        (half a minute; needs python3 with venv, 3.10 or later, and PyPI)
set -eu
home="${XDG_CACHE_HOME:-$HOME/.cache}/flightdeck-tests/schemathesis"
pinned="schemathesis==4.32.5"
if [ -x "$home/bin/st" ] && "$home/bin/pip" freeze 2>/dev/null | grep -qx "$pinned"; then
  echo "$pinned is already in $home"
  exit 0
fi
python=""
for candidate in python3.12 python3.11 python3.10 python3; do
  if "$candidate" -c "import venv" >/dev/null 2>&1; then python="$candidate"; break; fi
done
[ -n "$python" ] || { echo "install: no python3 in PATH; apt-get install python3-venv" >&2; exit 1; }
mkdir -p "$(dirname "$home")"
"$python" -m venv "$home"
"$home/bin/pip" install --quiet --disable-pip-version-check "$pinned"
echo "$pinned is in $home"
