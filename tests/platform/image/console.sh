# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The serial console of a machine, used as a person does; sourced.

# How many seconds the machine may be silent, as its kernel is when it boots
PATIENCE=${PATIENCE:-2000}

# console LOG COMMAND...: start a machine, a QEMU with the console for its standard
# input and output; all that it says is also in LOG
console() {
  CONSOLE_LOG=$1
  : >"$CONSOLE_LOG"
  coproc QEMU_PORTS { exec "${@:2}" 2>&1; }
  # Copies, as bash takes these away when the machine ends
  exec {FROM_MACHINE}<&"${QEMU_PORTS[0]}" {TO_MACHINE}>&"${QEMU_PORTS[1]}"
  MACHINE=$QEMU_PORTS_PID
}

# silent WHAT: the machine did not say it
silent() {
  echo "the machine did not say '$1', but at last:"
  tail -n 15 "$CONSOLE_LOG"
  return 1
}

# hear PATTERN: until the machine has said this, an extended regular expression.  A
# prompt does not end its line, so it is read by characters.
hear() {
  local char said=

  until [[ $said =~ $1 ]]; do
    [[ $said != *$'\n' ]] || said=
    IFS= read -r -N 1 -t "$PATIENCE" -u "$FROM_MACHINE" char || {
      silent "$1"
      return
    }
    printf %s "$char" >>"$CONSOLE_LOG"
    said+=$char
  done
}

say() {
  printf '%s\n' "$1" >&"$TO_MACHINE"
}

# hush: the shell there says only what commands say, from now on
hush() {
  say "exec env PS1= TERM=dumb sh"
  say "stty -echo -onlcr; PS1=; echo hush''ed"
  hear hushed && hear $'\n'
}

# ask COMMAND: run it there; what it says is in ANSWER
ask() {
  local line

  say "{ $1; } 2>&1; echo \"<exit \$?>\""
  ANSWER=
  while :; do
    IFS= read -r -t "$PATIENCE" -u "$FROM_MACHINE" line || {
      silent '<exit ...>'
      return
    }
    echo "$line" | tee -a "$CONSOLE_LOG"
    ! [[ $line =~ ^(.*)'<exit '([0-9]+)'>'$ ]] || break
    ANSWER+=${ANSWER:+$'\n'}$line
  done
  ANSWER+=${BASH_REMATCH[1]}
  return "${BASH_REMATCH[2]}"
}

# machine_ends: it does, by itself
machine_ends() {
  local code=0

  cat <&"$FROM_MACHINE" >>"$CONSOLE_LOG"
  wait "$MACHINE" || code=$?
  MACHINE=
  return "$code"
}

stop_machine() {
  [ -z "${MACHINE:-}" ] || kill "$MACHINE" 2>/dev/null || :
}
