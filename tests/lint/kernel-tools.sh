#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kernel-tools.sh - unpack the kernel's own tools for style and documentation,
# and the lists they read, from its source; print the name of the folder

set -euo pipefail
. "$(dirname "$0")/../vm/common.sh"

# Always of this version: another one finds other things.
VERSION=6.1
PACKAGE=linux-source-$VERSION
SOURCE=$("$TOP/tests/vm/source.sh" --packed "$VERSION")
DIR=$BUILD/kernel-tools

mkdir -p "$DIR"
exec 9>"$DIR/lock"
flock 9
# The last one in the archive
if ! [ "$DIR/spelling.txt" -nt "$SOURCE" ]; then
  # They come late in a long archive; --occurrence ends at the last of them.
  tar -C "$DIR" -xJf "$SOURCE" --touch --occurrence=1 \
    --transform='s#.*/##' \
    "$PACKAGE/Documentation/sphinx/kerneldoc.py" \
    "$PACKAGE/Documentation/sphinx/kernellog.py" \
    "$PACKAGE/scripts/checkpatch.pl" \
    "$PACKAGE/scripts/const_structs.checkpatch" \
    "$PACKAGE/scripts/kernel-doc" \
    "$PACKAGE/scripts/spelling.txt"
fi
echo "$DIR"
