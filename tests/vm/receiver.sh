# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Programs of this host that receive what a guest sends; sourced, in scripts that
# have a folder $TMP and the tools in $TOOLS.

RECEIVERS=()

# start_receiver NAME SECONDS OPTION...: it ends after so many seconds at the
# latest; its port is then in PORT
start_receiver() {
  local fifo=$TMP/$1.port listening

  mkfifo "$fifo"
  timeout -k 5 "$2" "$TOOLS/fpgabuf-recv" --quiet --port-file "$fifo" "${@:3}" \
    127.0.0.1:0 >"$TMP/$1.recv" &
  RECEIVERS+=($!)
  # Opened for writing, too, as that does not wait for one that has died.
  exec {listening}<>"$fifo"
  # shellcheck disable=SC2034 # for those who source this
  read -r -t 30 -u "$listening" PORT || die 'fpgabuf-recv does not start'
  exec {listening}>&-
}

# The receivers end when the guest has closed its connections.
wait_receivers() {
  local pid code=0

  for pid in "${RECEIVERS[@]}"; do
    wait "$pid" || code=$?
  done
  RECEIVERS=()
  return "$code"
}

# Those that have ended already are no error.
stop_receivers() {
  local pid

  for pid in "${RECEIVERS[@]}"; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" || true
  done
  RECEIVERS=()
}
