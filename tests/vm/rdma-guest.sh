# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Runs in the guest: waits for links and soft-RoCE devices; sourced.

# until_true COMMAND...: repeat it until it succeeds, for a minute at least
until_true() {
  tries=600
  until "$@" >/dev/null 2>&1; do
    if [ $((tries -= 1)) -eq 0 ]; then
      echo "in vain: $*"
      return 1
    fi
    sleep 0.1
  done
}

has_link() {
  ip link show dev "$1" | grep -q LOWER_UP
}

# has_address DEVICE: the device knows the address of its NIC, 10.77.0.x
has_address() {
  grep -q 'ffff:0a4d:000' "/sys/class/infiniband/$1/ports/1/gids/"*
}
