#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# build.sh - build the documentation as web pages; a warning is an error
#
# The comments in the headers are read by the kernel's own tools.

set -euo pipefail
. "$(dirname "$0")/../tests/vm/common.sh"

HTML=$BUILD/html

KERNEL_TOOLS=$("$TOP/tests/lint/kernel-tools.sh")
export KERNEL_TOOLS
export KDOC_WERROR=1

# From nothing: what has not changed would not be read, nor warned about.
rm -rf "$HTML" "$BUILD/doctrees"
sphinx-build -q -W --keep-going -d "$BUILD/doctrees" "$TOP/Documentation" "$HTML"
for page in "$TOP"/Documentation/*.rst; do
  name=$(basename "$page" .rst)
  grep -q 'action="search.html"' "$HTML/$name.html" ||
    die "$name: this page has no field to search"
  grep -q "\"$name\"" "$HTML/searchindex.js" ||
    die "$name: a search does not find this page"
done
echo "${HTML#"$TOP"/}/index.html"
