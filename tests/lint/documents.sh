#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# documents.sh [FOLDER] - is there what the documents of a source tree cite?
#
# FOLDER is the tree, in git; this one by default.
#
# shellcheck disable=SC2016 # two backquotes are no command

set -euo pipefail
. "$(dirname "$0")/../vm/common.sh"
cd "${1:-$TOP}"

PAGES=(*.md tests/*.md Documentation/*.rst)
DESIGN=Documentation/design.rst
bad=0

# wrong FILE WORD...: a document says what is not so
wrong() {
  echo "$1: ${*:2}"
  bad=1
}

# words PATTERN FILE...: lines "FILE<tab>WORD", where PATTERN has one group
words() {
  perl -ne 'BEGIN { $pattern = shift }
    while (/$pattern/g) { print "$ARGV\t$1\n" }' "$@" | sort -u
}

# rows: the files in the table of design.rst, as patterns; "a.[ch]" is two of them
rows() {
  perl -ne 'next unless /^``([a-z_*]+)\.(?:\[(ch)\]|([ch]))`` /;
    print map { "$1.$_\n" } split //, $2 // $3' "$DESIGN"
}

# Every file of the driver is in the table of design.rst, and every file in the
# table is there.
file_table() {
  local file row known=

  while read -r row; do
    known+=$(compgen -G "drivers/fpgabuf/$row")$'\n' ||
      wrong "$DESIGN" "the driver has no file $row"
  done < <(rows)
  for file in drivers/fpgabuf/*.[ch]; do
    grep -qxF "$file" <<<"$known" ||
      wrong "$DESIGN" "${file##*/} is not in the table of files"
  done
}

# A path may have wildcards.  Not those of the kernel, which go on behind a
# folder that we have as well.
paths() {
  local page path

  while IFS=$'\t' read -r page path; do
    compgen -G "${path%.}" >/dev/null || wrong "$page" "there is no $path"
  done < <(words \
    '(?<![\w./-])((?:drivers|tests|tools|uapi|Documentation|LICENSES)/(?!testing)[\w./,@*-]*[\w/*])' \
    "${PAGES[@]}" tools/man/*)
}

# "make headers" is said of the kernel.
targets() {
  local page words word

  while IFS=$'\t' read -r page words; do
    for word in $words; do
      grep -qE "^([a-z_-]+ )*$word( [a-z_-]+)*:" Makefile ||
        [ "$word" = headers ] || wrong "$page" "there is no target $word"
    done
  done < <(words '(?:`|^ {2,})(?:sudo )?make ((?:[a-z][a-z_-]*(?= |`|$) ?)+)' \
    "${PAGES[@]}")
}

# What "make help" leaves out nobody finds.
help_targets() {
  local target

  while read -r target; do
    case $target in all | help) continue ;; esac
    grep -qE "^make $target( |\$)" Makefile ||
      wrong Makefile "\"make help\" does not know $target"
  done < <(sed -n '/^\.PHONY:/,/[^\\]$/{s/^.PHONY://;s/\\//;p}' Makefile |
    xargs -n 1)
}

# A manual page is read where there is no source: what it cites is installed.
installed() {
  local page path

  while IFS=$'\t' read -r page path; do
    grep -qE "[ /]${path//./\\.}(/|\$)" tests/package/install/files.txt ||
      wrong "$page" "$path is not installed"
  done < <(words \
    '^\.(?:It )?Pa ((?!/)\S*(?:/\S*|\.(?:c|h|rst|rules|conf|socket|service)))(?: |$)' \
    tools/man/*)
  while IFS=$'\t' read -r page path; do
    wrong "$page" "$path is in the source alone"
  done < <(words '(Documentation/\S+)' tools/man/* uapi/linux/*.h \
    tools/lib/include/fpgabuf/*.h)
}

# Other pages of ours
references() {
  local page name

  while IFS=$'\t' read -r page name; do
    [ -e "tools/man/${name/ /.}" ] ||
      grep -q "^${name% 3}@" tools/lib/libfpgabuf.symbols ||
      wrong "$page" "there is no page $name"
  done < <(words '^\.Xr ((?:lib)?fpgabuf\S* \d)' tools/man/*)
}

# The names of the interface, and what the environment is asked for
names() {
  local page name

  while IFS=$'\t' read -r page name; do
    grep -rqw --exclude-dir=Documentation --exclude-dir=man \
      --exclude-dir=.build --include='*.[ch]' --include='*.in' \
      --include='*.sh' --include=Kconfig "$name" . ||
      wrong "$page" "nothing is called $name"
  done < <(words '(?<!^\.Dt )\b(FPGABUF_[A-Z0-9_]*[A-Z0-9])(?![*_])\b' "${PAGES[@]}" \
    tools/man/*)
}

# options: of all tools
options() {
  sed -nE 's/^\t\{ "([a-z-]+)", (no|required|optional)_argument.*/--\1/p' \
    tools/*/options.c
}

# In the pages that are about the tools
long_options() {
  local page option known
  local others=' --cflags --libs --static --now --reload --ko '

  known=$(options)
  while IFS=$'\t' read -r page option; do
    grep -qxF -e "$option" <<<"$known" || [[ $others = *" $option "* ]] ||
      wrong "$page" "no tool has an option $option"
  done < <(words '(?<![\w-])(--[a-z][a-z-]*[a-z])(?![\w-])' README.md \
    Documentation/{using,sharing,sizing,troubleshooting,framing}.rst \
    Documentation/{board,controllers,is-it-for-me,watching,simulator}.rst)
}

# A suite of the guest tests has a row, and so has a folder of tests.
suites() {
  local suite folder

  for folder in tests/*/; do
    grep -qF "\`$folder\`" tests/README.md ||
      wrong tests/README.md "the folder $folder is missing"
  done
  while read -r suite; do
    grep -qE "^\| (\`[a-z0-9_]+\`, )*\`$suite\`[, ]" tests/README.md ||
      wrong tests/README.md "the suite $suite is missing"
  done < <(sed -nE 's/^SUITE\((\w+),.*/\1/p' tests/{driver,model}/*.c)
}

# A reason why a function is not executed is one only as long as it is there.
reasons() {
  local page list name

  while IFS=$'\t' read -r page list; do
    for name in ${list//[^a-z0-9_]/ }; do
      grep -rqE "^([a-z].*[ *])?$name\(" drivers/fpgabuf ||
        wrong "$page" "the driver has no function $name"
    done
  done < <(perl -0777 -ne 'while (/^- ((?:``\w+``,?\s+)*``\w+``)[:,]/mg) {
      ($list = $1) =~ s/\s+/ /g; print "$ARGV\t$list\n" }' \
    tests/kernel/coverage.txt)
}

# matches PATTERN FILE: as MAINTAINERS has it
matches() {
  # shellcheck disable=SC2254 # it is a pattern
  case $2 in
  ${1/%\//\/*}) return 0 ;;
  *) return 1 ;;
  esac
}

# Every file has somebody, and every pattern has a file.
maintainers() {
  local file pattern found patterns

  mapfile -t patterns < <(sed -n 's/^F:\t//p' MAINTAINERS)
  for pattern in "${patterns[@]}"; do
    compgen -G "${pattern%/}" >/dev/null ||
      wrong MAINTAINERS "there is no $pattern"
  done
  while read -r file; do
    found=
    for pattern in "${patterns[@]}"; do
      ! matches "$pattern" "$file" || found=1
    done
    [ -n "$found" ] || wrong MAINTAINERS "nobody has $file"
  done < <(git ls-files --cached --others --exclude-standard)
}

file_table
paths
targets
help_targets
installed
references
names
long_options
suites
reasons
maintainers

exit "$bad"
