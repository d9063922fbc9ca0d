#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# arrows-test.sh - does arrows.sh see what is wrong?

set -euo pipefail
. "$(dirname "$0")/../vm/common.sh"
. "$TOP/tests/vm/expect.sh"
cd "$TOP"

TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
TREE=$TMP/tree
DRIVER=$TREE/drivers/fpgabuf

# says LINE: of what was planted
says() {
  grep -qxF -e "$1" "$TMP/said"
}

# plant_include FILE NAME: where the others of ours are
plant_include() {
  echo "#include \"$2.h\"" >>"$DRIVER/$1"
}

mkdir "$TREE"
cp -r --parents drivers/fpgabuf Documentation/design.rst "$TREE"

plant_include memory.h region
plant_include dmabuf.c chardev
plant_include trace.h region
touch "$DRIVER/planted.c"
sed -i 's/^  mapping .*-> /&capture /; s/^  mark .*-> /&memory /' \
  "$TREE/Documentation/design.rst"
{
  echo 'struct fpgabuf_planted {'
  printf '\tint member%d;\n' {1..13}
  echo '};'
} >>"$DRIVER/region.h"
tests/lint/arrows.sh "$TREE" >"$TMP/said" || :
cat "$TMP/said"

expect 'a header that includes one above it' \
  says 'memory.h: includes region.h, and the drawing has no such arrow'
expect 'a file that includes one above it' \
  says 'dmabuf.c: includes chardev.h, and the drawing has no such arrow'
expect 'a header for everybody that includes another one' \
  says 'trace.h: includes region.h, and must include nothing of ours'
expect 'a file that is not drawn' \
  says 'planted.c: is not in the drawing'
expect 'an arrow that goes up' \
  says 'Documentation/design.rst: the arrow from mapping to capture does not go down'
expect 'an arrow that stands for nothing' \
  says 'Documentation/design.rst: mark includes no memory.h, as the arrow says'
expect 'a structure with too many members' \
  says 'region.h: struct fpgabuf_planted has 13 members, more than 12'

[ "$failed" -eq 0 ]
