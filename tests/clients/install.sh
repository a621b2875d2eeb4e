#!/usr/bin/env bash
# Gets the real clients that tests/clients runs against stand-ins of their servers, into .clients/ (about 1 GB).
# What cannot be had is said, and its tests are skipped. Quick when everything is there.
set -uo pipefail
cd "$(dirname "$0")/../.."
into=$PWD/.clients
mkdir -p "$into/bin"

get() { # get NAME COMMAND…: once; its output in .clients/NAME.log
  local name=$1
  shift
  [ ! -e "$into/$name.ready" ] || return 0
  if "$@" >"$into/$name.log" 2>&1; then
    touch "$into/$name.ready"
    echo "$name: ready"
  else
    echo "$name: could not be had, see .clients/$name.log"
  fi
}
