#!/usr/bin/env bash
# Sets up everything: system libraries and fonts (apt), .venv/ with pinned packages, the project itself (editable).
# `--tests` adds what only the tests need (a browser).  Does nothing, quickly, when nothing changed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

with_tests=no
[ "${1:-}" = "--tests" ] && with_tests=yes

# --- a Python of our range, with the venv module (Debian ships that apart) ---------------------------------
range="Python 3.11, 3.12 or 3.13"
candidates=(python3.13 python3.12 python3.11 python3)
# Prints the first that fits; with `venv` it must have that module, too.
find_python() {
  for candidate in "${candidates[@]}"; do
    if command -v "$candidate" >/dev/null && "$candidate" -c '
import sys
if "venv" in sys.argv: import ensurepip, venv
sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' "$@" 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
}
no_python() {
  fail "$range is needed, and here is $(python3 --version 2>&1 || echo no Python at all): some pinned packages are not made" \
    "for it. Install one of these versions (its python3.x-venv, or pyenv, or uv), then run again."
}

# --- system packages ------------------------------------------------------------------------------------
installed() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q '^install ok installed$'; }
# Root's way to run something, in `root`; empty where there is none.
root=()
if [ "$(id -u)" = 0 ]; then
  root=(env DEBIAN_FRONTEND=noninteractive)
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
  root=(sudo -n env DEBIAN_FRONTEND=noninteractive)
fi
# Installs what of the given packages is missing, or says which they are.
need() {
  local missing=() package
  for package in "$@"; do installed "$package" || missing+=("$package"); done
  [ "${#missing[@]}" -gt 0 ] || return 0
  local please="please install these packages, then run again: apt-get install ${missing[*]}"
  [ "${#root[@]}" -gt 0 ] || fail "$please"
  echo "setup: apt-get install ${missing[*]}"
  "${root[@]}" apt-get update -qq </dev/null || echo "setup: apt-get update failed; trying with the lists that are here" >&2
  "${root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null >/dev/null ||
    fail "apt-get could not install them (its words are above); $please"
  command -v fc-cache >/dev/null && fc-cache >/dev/null 2>&1 || true
}

packages=(libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk fonts-ipaexfont-gothic
          fonts-ipaexfont-mincho fonts-ipamj-mincho poppler-utils)
command -v dpkg-query >/dev/null || fail "this is not Debian or Ubuntu; install the equivalents of: ${packages[*]}"
if [ ! -x .venv/bin/python ] && [ -z "$(find_python venv)" ]; then
  # apt's python3-venv is of apt's python3: no help where that is too old or too new.
  if command -v python3 >/dev/null && [ -z "$(find_python)" ]; then no_python; fi
  packages+=(python3-venv)
fi
# Ubuntu's chromium is a snap, which is no use without a session: there the venv's playwright brings one.
own_browser=no
if [ "$with_tests" = yes ] && ! command -v chromium >/dev/null; then
  if grep -qs '^ID=ubuntu' "${OS_RELEASE:-/etc/os-release}"; then own_browser=yes; else packages+=(chromium); fi
fi
# The tests start a PostgreSQL of their own; Debian keeps its programs out of the PATH.
has_postgres() { command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }
if [ "$with_tests" = yes ] && ! has_postgres; then packages+=(postgresql); fi
need "${packages[@]}"

# --- Python packages ------------------------------------------------------------------------------------
stamp=".venv/.kansho-$(cat requirements.txt pyproject.toml scripts/setup.sh | sha256sum | cut -c1-16)"
if [ ! -e "$stamp" ] || [ ! -x .venv/bin/kansho ]; then
  if [ ! -x .venv/bin/python ]; then
    python=$(find_python venv)
    [ -n "$python" ] || no_python
    echo "setup: virtual environment with $("$python" --version)"
    "$python" -m venv --without-pip .venv
  fi
  export PIP_DISABLE_PIP_VERSION_CHECK=1
  echo "setup: pinned packages"
  # To unpack a pip of its own costs a venv six seconds; the one of the Python that made it can install into it.
  own_pip() {
    .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip --default-pip >/dev/null
  }
  uv_itself() {
    .venv/bin/python -m uv --version >/dev/null 2>&1 || "${python:-python3}" -m pip --python .venv/bin/python install -q uv ||
      { own_pip && .venv/bin/python -m pip install -q uv; }
  }
  # uv is an order of magnitude faster; where it cannot work (pip's own mirror settings, say), pip does it.
  by_uv() {
    uv_itself 2>/dev/null &&
      .venv/bin/python -m uv pip install -q --python .venv/bin/python -r requirements.txt 2>/dev/null &&
      .venv/bin/python -m uv pip install -q --python .venv/bin/python --no-deps -e . 2>/dev/null
  }
  by_pip() {
    own_pip && .venv/bin/python -m pip install -q -r requirements.txt && .venv/bin/python -m pip install -q --no-deps -e .
  }
  UV_SYSTEM_CERTS=1 by_uv || by_pip || fail "the packages of requirements.txt could not be installed"
  # Installers do not byte-compile by themselves, and importing Airflow uncompiled costs seconds in every process.
  # What is hardly imported, or by tests alone, compiles itself when it first is.
  unused='/(tests?|geodata|carrierdata|tzdata|sympy|networkx|moto|cfnlint|mypy|mypyc|ruff|libcst|playwright|hypothesis|pip'
  unused+='|setuptools|pkg_resources|altair|statsmodels|pygments|Cryptodome|graphql|mpmath|antlr4|docker|grpc|google|dns'
  unused+='|phonenumbers|narwhals|websockets|oscrypto)/'
  env -u PYTHONDONTWRITEBYTECODE .venv/bin/python -m compileall -q -j 0 -x "$unused" .venv/lib/python*/site-packages \
    >/dev/null 2>&1 || true
  rm -f .venv/.kansho-*
  touch "$stamp"
  echo "setup: done"
fi
if [ "$own_browser" = yes ] && [ ! -e .venv/.browser ]; then
  # Playwright would ask for root itself, and stop with its own words: only the list is taken from it.
  libraries=$(.venv/bin/python -m playwright install-deps --dry-run chromium 2>/dev/null |
    sed -n 's/^  \([a-z0-9.+-]*\)$/\1/p' || true)
  # shellcheck disable=SC2086  # a list
  need $libraries
  .venv/bin/python -m playwright install chromium </dev/null >/dev/null ||
    fail "the tests' browser could not be fetched (the words above say why); run again: .venv/bin/python -m playwright install chromium"
  touch .venv/.browser
fi
