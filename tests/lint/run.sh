#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Checks the style of everything.  All steps run, whatever the others say.

set -euo pipefail
. "$(dirname "$0")/../vm/common.sh"
cd "$TOP"

LINT=$BUILD/lint
FAILED=0

# check NAME SENTENCE COMMAND...: COMMAND may be a function, in which "set -e"
# has no effect then
check() {
  step "lint-$1" "${@:2}" || FAILED=$((FAILED + 1))
}

# sources PATTERN...: files of ours, also those not yet committed
sources() {
  git ls-files --cached --others --exclude-standard -- "$@" | sort -u
}

# Warnings count if they are about our files: the kernel's own headers have
# some with W=1.
kernel_build() {
  rm -rf "$LINT/modules"
  make modules MIRROR="$LINT/modules" W=1 C=2 CF=-D__CHECK_ENDIAN__ 2>&1 |
    tee "$LINT/modules.log" || return
  ! grep -E "^$LINT/modules/.*(warning|error):|^WARNING" "$LINT/modules.log"
}

# compat.h is where differences between kernel versions live, which no file of
# the kernel may have, so what checkpatch says about comparing versions is
# right, and of no use there.  The arguments of two macros are declarations.
checkpatch() {
  local bad=0

  KERNEL_TOOLS=$(tests/lint/kernel-tools.sh) || return
  sources 'drivers/*.[ch]' 'uapi/*.h' 'tests/driver/kmod/*.[ch]' \
    ':!drivers/fpgabuf/compat.h' | checkpatch_files || bad=1
  sources drivers/fpgabuf/compat.h |
    checkpatch_files \
      --ignore LINUX_VERSION_CODE,CONSTANT_COMPARISON \
      --ignore MACRO_ARG_REUSE,MACRO_WITH_FLOW_CONTROL || bad=1
  # The history that has the commits is not here.
  sources 'Documentation/upstream/*.patch' |
    checkpatch_run --ignore UNKNOWN_COMMIT_ID || bad=1
  return "$bad"
}

# checkpatch_files OPTION...: the files are named on stdin
checkpatch_files() {
  checkpatch_run "$@" -f
}

# checkpatch_run OPTION...: the same for patches.  Runs where the file that
# checkpatch leaves behind does not matter.
checkpatch_run() {
  sed "s#^#$(realpath --relative-to "$KERNEL_TOOLS" .)/#" | (
    cd "$KERNEL_TOOLS"
    xargs ./checkpatch.pl --strict --no-tree --terse --no-summary \
      --color=never --show-types "$@"
  )
}

# userspace CC: everything that runs outside the kernel
userspace() {
  local dir flags='-O2 -g -Wall -Wextra -Werror'

  rm -rf "${LINT:?}/$1"
  for dir in tools tests/unit tests/driver tests/soak tests/fuzz/ioctl; do
    if [ -e "$dir/Makefile" ]; then
      make -C "$dir" O="$LINT/$1/$dir" CC="$1" CFLAGS="$flags" all ||
        return
    fi
  done
}

# A program that includes nothing else must compile, in the strictest way.
uapi_alone() {
  local cc header

  for header in uapi/linux/*.h; do
    for cc in gcc clang; do
      echo "#include <${header#uapi/}>" |
        "$cc" -x c -std=c99 -Wall -Wextra -Wpadded -Werror -fsyntax-only \
          -I uapi - || return
    done
  done
}

sanitizers() {
  local flags='-fsanitize=address,undefined -fno-sanitize-recover=all'

  rm -rf "$LINT/sanitizers"
  make -C tests/unit O="$LINT/sanitizers" LDFLAGS="$flags" \
    CFLAGS="-O1 -g -fno-omit-frame-pointer $flags" run
}

scripts() {
  sources | while read -r file; do
    case $(head -n 1 "$file" | tr -d '\0') in
    '#!/bin/sh'* | '#!/bin/bash'* | *'shell=bash') echo "$file" ;;
    *) [[ $file != *.sh ]] || echo "$file" ;;
    esac
  done
}

shell() {
  scripts | xargs shellcheck --external-sources --source-path=SCRIPTDIR
}

# Debian's Python, which has it
python() {
  sources '*.py' | xargs /usr/bin/python3 -m pyflakes
}

# What mandoc says of pages that are not installed is no warning, nor of others.
manual() {
  local page bad=0

  mandoc -T lint -W warning tools/man/* || bad=1
  for page in tools/man/*; do
    # groff complains, but does not fail.  Newer ones also about lines of one
    # word, which cannot be made wider: so no line is.
    if groff -mandoc -dAD=l -Tutf8 -ww -z "$page" 2>&1 | grep .; then
      bad=1
    fi
  done
  return "$bad"
}

# Every file says in its first lines under which licence it is; what is fed to
# a parser cannot.
spdx() {
  local file bad=0

  while read -r file; do
    if ! head -n 5 "$file" | grep -q SPDX-License-Identifier; then
      echo "$file has no SPDX-License-Identifier"
      bad=1
    fi
  done < <(sources ':!LICENSES' ':!tests/fuzz/seeds')
  return "$bad"
}

# The licences that are named are there.
licences() {
  local name bad=0

  while read -r name; do
    if ! [ -e "LICENSES/$name" ]; then
      echo "LICENSES/$name is missing"
      bad=1
    fi
  done < <(sources ':!LICENSES' | xargs grep -h SPDX-License-Identifier: |
    sed -nE 's/.*Identifier: ([A-Za-z0-9.-]+)( WITH ([A-Za-z-]+))?.*/\1\n\3/p' |
    sed -E 's/-(only|or-later)$//; /^$/d' | sort -u)
  return "$bad"
}

# Those that are planted to see whether a test notices: where they nearly fit they
# would be another mistake.
mistakes() {
  local file bad=0

  while read -r file; do
    patch --dry-run --batch -p1 -F0 <"$file" || {
      echo "$file does not apply any more; make it anew"
      bad=1
    }
  done < <(sources 'tests/mutate/*.patch' 'tests/kernel/planted/*.patch' \
    'tests/platform/rtl/planted/*.patch')
  return "$bad"
}

mkdir -p "$LINT"
check kernel 'driver: W=1 and sparse find nothing' kernel_build
check checkpatch 'driver: checkpatch --strict finds nothing' checkpatch
check uapi 'UAPI header: stands alone, has no hidden padding' uapi_alone
check gcc 'userspace: gcc -Wall -Wextra has no warning' userspace gcc
check clang 'userspace: clang -Wall -Wextra has no warning' userspace clang
check sanitizers 'userspace: unit tests with ASan and UBSan' sanitizers
check shell 'scripts: shellcheck finds nothing' shell
check python 'Python: pyflakes finds nothing' python
check manual 'manual pages: mandoc and groff have no warning' manual
check docs 'documentation: Sphinx and kernel-doc have no warning' \
  Documentation/build.sh
check documents 'documents: what they cite is there' tests/lint/documents.sh
check documents-test 'documents: and what is not is noticed' \
  tests/lint/documents-test.sh
check arrows 'driver: includes go down, as they are drawn' tests/lint/arrows.sh
check arrows-test 'driver: and those that go up are noticed' \
  tests/lint/arrows-test.sh
check mistakes 'mistakes to be planted: they fit' mistakes
check spdx 'all files: name their licence' spdx
check licences 'all files: the licence is in LICENSES' licences

if [ "$FAILED" -ne 0 ]; then
  echo "lint: $FAILED checks failed"
  exit 1
fi
echo "lint: clean"
