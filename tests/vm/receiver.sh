# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Programs of this host that receive what a guest sends; sourced, in scripts that
# have a folder $TMP, the tools in $TOOLS, and want $BYTES within $PATIENCE s.

RECEIVERS=()

# start_receiver NAME: writes NAME.out; its port is then in PORT
start_receiver() {
  local tries=50

  timeout -k 5 "$PATIENCE" "$TOOLS/fpgabuf-recv" --quiet --json \
    --bytes "$BYTES" --output "$TMP/$1.out" --port-file "$TMP/$1.port" \
    127.0.0.1:0 >"$TMP/$1.recv" &
  RECEIVERS+=($!)
  until [ -s "$TMP/$1.port" ]; do
    if [ $((tries--)) -eq 0 ] || ! kill -0 $! 2>/dev/null; then
      die "fpgabuf-recv does not start"
    fi
    sleep 0.1
  done
  # shellcheck disable=SC2034 # for those who source this
  PORT=$(cat "$TMP/$1.port")
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

stop_receivers() {
  local pid

  for pid in "${RECEIVERS[@]}"; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" || true
  done
  RECEIVERS=()
}
