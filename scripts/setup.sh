#!/usr/bin/env bash
# Sets up everything: system libraries and fonts (apt), .venv/ with pinned packages, the project itself (editable).
# `--tests` adds what only the tests need (a browser).  Does nothing, quickly, when nothing changed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

with_tests=no
[ "${1:-}" = "--tests" ] && with_tests=yes

# --- system packages ------------------------------------------------------------------------------------
packages=(libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk fonts-ipaexfont-gothic
          fonts-ipaexfont-mincho fonts-ipamj-mincho poppler-utils)
[ "$with_tests" = yes ] && packages+=(chromium)

installed() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q '^install ok installed$'; }
missing=()
if command -v dpkg-query >/dev/null; then
  for package in "${packages[@]}"; do installed "$package" || missing+=("$package"); done
else
  fail "this is not Debian or Ubuntu; install the equivalents of: ${packages[*]}"
fi
if [ "${#missing[@]}" -gt 0 ]; then
  if [ "$(id -u)" = 0 ]; then
    run=()
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    run=(sudo -n)
  else
    fail "please install these packages, then run again: apt-get install ${missing[*]}"
  fi
  echo "setup: apt-get install ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  "${run[@]}" apt-get update -qq </dev/null
  "${run[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null >/dev/null
  command -v fc-cache >/dev/null && fc-cache >/dev/null 2>&1 || true
fi

# --- Python ---------------------------------------------------------------------------------------------
stamp=".venv/.kansho-$(cat requirements.txt pyproject.toml scripts/setup.sh | sha256sum | cut -c1-16)"
if [ -e "$stamp" ] && [ -x .venv/bin/kansho ]; then exit 0; fi

python=""
for candidate in python3.13 python3.12 python3.11 python3; do
  if command -v "$candidate" >/dev/null &&
     "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; then
    python=$candidate
    break
  fi
done
[ -n "$python" ] || fail "Python 3.11, 3.12 or 3.13 is needed"
"$python" -c 'import venv, ensurepip' 2>/dev/null || fail "the venv module is missing: apt-get install python3-venv"

echo "setup: virtual environment with $("$python" --version)"
[ -x .venv/bin/python ] || "$python" -m venv .venv
.venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip --default-pip >/dev/null
export PIP_DISABLE_PIP_VERSION_CHECK=1
if .venv/bin/python -m pip install -q uv 2>/dev/null; then
  .venv/bin/python -m uv pip install -q --python .venv/bin/python -r requirements.txt
  .venv/bin/python -m uv pip install -q --python .venv/bin/python --no-deps -e .
else
  .venv/bin/python -m pip install -q -r requirements.txt
  .venv/bin/python -m pip install -q --no-deps -e .
fi
# Installers do not byte-compile by themselves, and importing Airflow uncompiled costs seconds in every process.
env -u PYTHONDONTWRITEBYTECODE .venv/bin/python -m compileall -q -j 0 .venv/lib/python*/site-packages >/dev/null 2>&1 || true
rm -f .venv/.kansho-*
touch "$stamp"
echo "setup: done"
