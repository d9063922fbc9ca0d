#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# documents-test.sh - does documents.sh see what is wrong?
#
# shellcheck disable=SC2016 # two backquotes are no command

set -euo pipefail
. "$(dirname "$0")/../vm/common.sh"
. "$TOP/tests/vm/expect.sh"
cd "$TOP"

TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
TREE=$TMP/tree

# says LINE: of what was planted
says() {
  grep -qxF -e "$1" "$TMP/said"
}

git init -q "$TREE"
git ls-files -z --cached --others --exclude-standard |
  xargs -0 cp --parents -t "$TREE"

touch "$TREE/drivers/fpgabuf/planted.c"
sed -i 's/^``quarantine\.c``   /``gone.c``         /' \
  "$TREE/Documentation/design.rst"
sed -i 's/^``provider\.c``   /``provider.[ch]``/' "$TREE/Documentation/design.rst"
cat >>"$TREE/README.md" <<'END'

Look at `tools/planted/file.c`, and run

    sudo make install planted-target

or `fpgabuf-send --planted`.
END
# Nor must this file have that name.
PLANTED=FPGABUF_IOC_
PLANTED+=PLANTED
echo "See $PLANTED." >>"$TREE/README.md"
sed -i 's/^make kunit /make unit /' "$TREE/Makefile"
cat >>"$TREE/tools/man/fpgabuf.4" <<'END'
.Pa planted.rst
and
.Pa Documentation/safety.rst
and
.Xr fpgabuf_planted 3
END
sed -i 's/`stall`/`still`/' "$TREE/tests/README.md"
mkdir "$TREE/tests/planted"
sed -i 's/``usage_show``/``planted_show``/' "$TREE/tests/kernel/coverage.txt"
sed -i 's/^F:\tLICENSES\//F:\tPLANTED\//' "$TREE/MAINTAINERS"
tests/lint/documents.sh "$TREE" >"$TMP/said" || :
cat "$TMP/said"

expect 'a file of the driver that the table does not have' \
  says 'Documentation/design.rst: planted.c is not in the table of files'
expect 'a file in the table that the driver does not have' \
  says 'Documentation/design.rst: the driver has no file gone.c'
expect 'a pair of files in the table, one of which the driver does not have' \
  says 'Documentation/design.rst: the driver has no file provider.h'
expect 'a path that does not exist' \
  says 'README.md: there is no tools/planted/file.c'
expect 'a target of make that does not exist' \
  says 'README.md: there is no target planted-target'
expect 'a target that make help does not name' \
  says 'Makefile: "make help" does not know kunit'
expect 'a file in a manual page that is not installed' \
  says 'tools/man/fpgabuf.4: planted.rst is not installed'
expect 'a manual page that cites the source' \
  says 'tools/man/fpgabuf.4: Documentation/safety.rst is in the source alone'
expect 'a manual page that does not exist' \
  says 'tools/man/fpgabuf.4: there is no page fpgabuf_planted 3'
expect 'a name that the interface does not have' \
  says "README.md: nothing is called $PLANTED"
expect 'an option that no tool has' \
  says 'README.md: no tool has an option --planted'
expect 'a suite without a row' \
  says 'tests/README.md: the suite stall is missing'
expect 'a folder of tests without a row' \
  says 'tests/README.md: the folder tests/planted/ is missing'
expect 'a reason for a function that does not exist' \
  says 'tests/kernel/coverage.txt: the driver has no function planted_show'
expect 'a pattern in MAINTAINERS without a file' \
  says 'MAINTAINERS: there is no PLANTED/'
expect 'a file that nobody maintains' \
  says 'MAINTAINERS: nobody has LICENSES/GPL-2.0'

[ "$failed" -eq 0 ]
