#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# letter.sh TREE - print the cover letter of the series, for the tree that has it
#
# In letter, "@ figures PART" stands for that part of Documentation/benchmark.rst,
# and "@ FILE EXPRESSION" for the line of the tree that an objection is answered
# by.  There must be one such line, so an answer cannot outlive its code; and each
# of the objections must have one.  The file "letter" is the letter itself.

set -euo pipefail
. "$(dirname "$0")/../vm/common.sh"

LETTER=$TOP/tests/kernel/letter
FIGURES=$TOP/Documentation/benchmark.rst
OBJECTIONS=9

[ $# -eq 1 ] || die "usage: letter.sh TREE"
TREE=$1

# figures PART: what was measured, without the marks of the page
figures() {
  case $1 in
  pipeline) part pipeline | sed '/ framed \| peers /d' ;;
  benchmark)
    part benchmark | awk '/sends of 1 MiB/ { shown = 1 }
      /capture of 1 MiB/ { shown = 0 }
      /^ *Promises kept/ { shown = 1 }
      shown'
    ;;
  *) die "letter: no figures $1" ;;
  esac
}

# Without lines that are too long for a mail
part() {
  sed -n "/^.. $1-begin/,/^.. $1-end/p" "$FIGURES" |
    sed -e '/^\.\. /d' -e '/^::$/d' | cat -s | sed -e '1{/^$/d}' -e '${/^$/d}'
}

# answer FILE EXPRESSION: the line
answer() {
  local file=$TREE/$1 lines

  [ "$1" != letter ] || file=$LETTER
  [ -e "$file" ] || die "letter: no file $1"
  lines=$(grep -nE -- "$2" "$file" | grep -v '^[0-9]*:   @ ' | cut -d : -f 1) || :
  [[ $lines =~ ^[0-9]+$ ]] || die "letter: $1 has this $(wc -w <<<"$lines") times: $2"
  if [ "$1" = letter ]; then
    echo "   See above: \"$(sed -n "${lines}s/:.*//p" "$LETTER")\""
  else
    echo "   $1:$lines"
  fi
}

answered=
while IFS= read -r line; do
  case $line in
  '# SPDX-'*) ;;
  '@ figures '*) figures "${line#@ figures }" ;;
  '   @ '*)
    read -r _ file expression <<<"$line"
    answer "$file" "$expression"
    answered+=" $number"
    ;;
  *)
    [[ ! $line =~ ^([0-9]+)\.\  ]] || number=${BASH_REMATCH[1]}
    printf '%s\n' "$line"
    ;;
  esac
done <"$LETTER"

for ((i = 1; i <= OBJECTIONS; i++)); do
  [[ " $answered " = *" $i "* ]] || die "letter: objection $i has no answer"
done
