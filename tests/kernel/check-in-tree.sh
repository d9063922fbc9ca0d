#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check-in-tree.sh [--series] [VERSION...] - is the driver one of the kernel's own?
#
# On pristine sources of several kernels: the printed series applies, its
# patches are clean and each builds, "make in-tree" gives the same and can be
# undone, and all ways to build it give no warning about our files.  With --series
# only what concerns the series, on the newest kernel.

set -euo pipefail
shopt -s inherit_errexit
. "$(dirname "$0")/../vm/common.sh"
. "$TOP/tests/kernel/identity.sh"
cd "$TOP"

IN_TREE=$TOP/tests/kernel/in-tree.sh
WORK=$BUILD/check-in-tree
DRIVER=drivers/fpgabuf

# FILE_PATH_CHANGES asks with each new file whether MAINTAINERS needs an update;
# it does not see that an entry covers the folder already.  UNKNOWN_COMMIT_ID
# looks for what a patch fixes in the kernel's history, which is not here.
IGNORED=FILE_PATH_CHANGES,UNKNOWN_COMMIT_ID

PASSED=0
FAILED=0
TABLE=()

# test_that NAME SENTENCE COMMAND...: one line of the table
test_that() {
  local name=$1 sentence="$VERSION: $2" start=$SECONDS code=0 verdict

  step "in-tree-$VERSION-$name" "$sentence" "${@:3}" || code=1
  if [ "$code" -eq 0 ]; then
    verdict=ok PASSED=$((PASSED + 1))
  else
    verdict=FAIL FAILED=$((FAILED + 1))
  fi
  TABLE+=("$(printf '%-5s %4d s  %s' "$verdict" $((SECONDS - start)) \
    "$sentence")")
}

in_copy() {
  git -C "$COPY" "$@"
}

# The copy shares all files with the pristine source by hard links; git and
# patches replace files, and never write to them.  The repository in it knows
# those files alone that the series touches.
make_copy() {
  rm -rf "$COPY"
  mkdir -p "${COPY%/*}"
  cp -al "$SOURCE" "$COPY" || return
  if [ -e "$COPY/.fpgabuf.patch" ]; then
    "$IN_TREE" undo "$COPY" || return
  fi
  "$IN_TREE" patches "$COPY" "$PATCHES" || return
  git init -q "$COPY" || return
  # The letter is no patch.
  rm "$PATCHES"/0000-*.patch || return
  git apply --numstat "$PATCHES"/*.patch | cut -f 3 | sort -u |
    while read -r file; do
      if [ -e "$COPY/$file" ]; then
        in_copy add -f "$file" || return
      fi
    done || return
  in_copy commit -q -m pristine && in_copy tag pristine
}

# kernel TOOLS ARGUMENT...: make, in the folder of these tools
kernel() {
  local tools=$1 flags=()

  case $tools in
  clang) flags=(LLVM=1) ;;
  clang-*) flags=("LLVM=${tools#clang}") ;;
  esac
  make -s -j"$(nproc)" -C "$COPY" O="$OBJ/$tools" LOCALVERSION= \
    "${flags[@]}" "${@:2}"
}

# What was asked for must be what there is.
configure() {
  local config=$OBJ/$1/.config line

  mkdir -p "$OBJ/$1"
  cat "${BASE:-$TOP/tests/kernel/config}" - >"$OBJ/$1.config"
  kernel "$1" KCONFIG_ALLCONFIG="$OBJ/$1.config" allnoconfig || return
  while read -r line; do
    if ! grep -qx "$line" "$config"; then
      echo "$line is not in the configuration"
      return 1
    fi
  done < <(grep -v -e '^#' -e '=n$' "$OBJ/$1.config")
}

# With what its DMA drivers need
prepare() {
  configure "$1" <<<"$(providers)" && kernel "$1" prepare
}

# build TOOLS ARGUMENT...: our folder; a warning about our files is an error
build() {
  local log=$OBJ/$1.log

  kernel "$@" W=1 "$DRIVER/" 2>&1 | tee "$log" || return
  ! grep -E 'fpgabuf.*(warning|error):' "$log"
}

# What the last commit changed of the kernel's own drivers
build_providers() {
  local files log=$OBJ/providers.log

  mapfile -t files < <(in_copy diff --name-only HEAD~ HEAD -- 'drivers/dma/*.c')
  [ ${#files[@]} -gt 0 ] || return 0
  kernel gcc W=1 "${files[@]/%.c/.o}" 2>&1 | tee "$log" || return
  ! grep -E '(warning|error):' "$log"
}

# What the last commit can build of the driver.  There is no option for it before
# it is complete.
build_driver() {
  [ -e "$COPY/$DRIVER/Makefile" ] || return 0
  if grep -q fpgabuf "$COPY/drivers/Kconfig"; then
    configure gcc <<<"$(everything m)" && build gcc
  else
    build gcc CONFIG_FPGABUF=m
  fi
}

# One by one, so that somebody who bisects can build each.
apply_series() {
  local patch

  rm -rf "${OBJ:?}/gcc/$DRIVER"
  in_copy checkout -q -B series pristine || return
  for patch in "$PATCHES"/*.patch; do
    echo "${patch##*/}"
    in_copy am -q "$patch" || return
    build_providers || return
    build_driver || return
  done
}

# Newest first, as the newest has what it replaced
abi_tool() {
  local tool

  for tool in tools/docs/get_abi.py scripts/get_abi.py scripts/get_abi.pl; do
    if [ -e "$COPY/$tool" ]; then
      echo "$COPY/$tool"
      return
    fi
  done
}

# What it says of other documents is none of ours.
abi() {
  "$(abi_tool)" --dir "$COPY/Documentation/ABI" validate 2>&1 |
    tee "$OBJ/abi.log" || return
  ! grep fpgabuf "$OBJ/abi.log"
}

# Every comment that is made for it
kernel_doc() {
  (cd "$COPY" &&
    find "$DRIVER" -name '*.[ch]' -exec scripts/kernel-doc -none -Werror {} +)
}

# What coccinelle says, and the letter tells: a loop of stream.c finds what it looks for.
KNOWN='^\./stream\.c:.* invalid reference to the index variable of the iterator'

# The rules of the kernel's own tree
coccinelle() {
  kernel gcc coccicheck MODE=report M="$COPY/$DRIVER" J="$(nproc)" \
    DEBUG_FILE="$OBJ/coccinelle.err" >"$OBJ/coccinelle.log" || return
  ! grep -E '^[^ ]+\.[ch]:[0-9]' "$OBJ/coccinelle.log" |
    grep -v "$KNOWN"
}

# Each line that the letter names is there, and it says so if one is not.
letter() {
  tests/kernel/letter.sh "$COPY" || return
  mkdir -p "$OBJ/empty"
  ! tests/kernel/letter.sh "$OBJ/empty"
}

# What we offer for the kernel itself, which is made for the newest one
upstream() {
  in_copy apply --check "$TOP"/Documentation/upstream/*.patch
}

# In the tree that has the bindings, which it looks for; but the small repository
# is not what it takes it for.
checkpatch() {
  (cd "$COPY" && GIT_DIR=none scripts/checkpatch.pl --strict --terse --no-summary \
    --color=never --show-types --ignore "$IGNORED" "$PATCHES"/*.patch)
}

# "make in-tree" does what the series does, once, and can be undone.
in_and_out() {
  local files stamp=$OBJ/stamp

  in_copy checkout -q pristine || return
  mapfile -t files < <(in_copy diff --name-only pristine series)
  "$IN_TREE" add "$COPY" || return
  in_copy add -f -- "${files[@]}" || return
  in_copy diff --cached --exit-code series || return
  in_copy reset -q || return

  touch "$stamp"
  "$IN_TREE" add "$COPY" || return
  find "$COPY" -newer "$stamp" -not -path "$COPY/.git*" | tee "$stamp.new"
  [ ! -s "$stamp.new" ] || return

  "$IN_TREE" undo "$COPY" || return
  # Files that are one by a hard link are not read.
  diff -r --no-dereference --exclude=.git "$SOURCE" "$COPY"
}

# The options for those DMA drivers that need more than a processor
providers() {
  if [ -e "$COPY/drivers/dma/xilinx/xdma.c" ]; then
    printf 'CONFIG_%s\n' PCI=y XILINX_XDMA=m
  fi
}

# everything VALUE: the options with all that there is of the driver, which is
# without tests on a kernel whose KUnit cannot do what they need, and without what
# captures by a provider that it has not
everything() {
  local option

  printf 'CONFIG_%s\n' "FPGABUF=$1" FPGABUF_DEBUG=y
  for option in FPGABUF_SIM FPGABUF_USER; do
    if grep -q "$option" "$COPY/$DRIVER/Kconfig"; then
      printf 'CONFIG_%s\n' "$option=$1"
    fi
  done
  if grep -q FPGABUF_XDMA "$COPY/$DRIVER/Kconfig"; then
    printf 'CONFIG_%s\n' PCI=y XILINX_XDMA="$1" FPGABUF_XDMA="$1"
  fi
  if grep -q FPGABUF_KUNIT_TEST "$COPY/$DRIVER/Kconfig"; then
    printf 'CONFIG_%s\n' KUNIT=y "FPGABUF_KUNIT_TEST=$1"
  fi
}

# built TOOLS OBJECT...: build, and see that this has made these objects
built() {
  local tools=$1 object

  rm -rf "${OBJ:?}/$tools/$DRIVER"
  configure "$tools" || return
  build "$tools" || return
  for object in "${@:2}"; do
    if ! [ -e "$OBJ/$tools/$DRIVER/$object" ]; then
      echo "there is no $object"
      return 1
    fi
  done
}

as_y() {
  built "$1" built-in.a main.o sim/built-in.a sim/main.o user/main.o \
    <<<"$(everything y)"
}

as_m() {
  built "$1" fpgabuf.o fpgabuf.mod sim/fpgabuf-sim.o user/fpgabuf-user.o \
    <<<"$(everything m)"
}

as_n() {
  built "$1" <<<CONFIG_FPGABUF=n || return
  ! find "$OBJ/$1/$DRIVER" -name '*.o' | grep .
}

# What it calls is there: in the kernel, and for modules.
linked_y() {
  configure gcc <<<"$(everything y)" && kernel gcc vmlinux
}

linked_m() {
  local module

  configure gcc <<<"$(everything m)" || return
  kernel gcc vmlinux modules || return
  for module in fpgabuf sim/fpgabuf-sim user/fpgabuf-user; do
    modinfo "$OBJ/gcc/$DRIVER/$module.ko" || return
  done
}

# As they are installed from the tree, on the stock kernel
selftests() {
  local dir=$OBJ/selftests

  rm -rf "$dir"
  make -s -C "$COPY/tools/testing/selftests" TARGETS=fpgabuf O="$OBJ/gcc" \
    USERCFLAGS=-Werror INSTALL_PATH="$dir" install || return
  tests/kernel/selftests.sh "$dir"
}

# Where C takes one type for another, as an enum for an int, a kernel with
# CONFIG_CFI_CLANG does not, when it calls the function.  No older clang tells.
prototypes() {
  configure clang-19 <<<"$(everything m)" || return
  build clang-19 KCFLAGS=-Wincompatible-function-pointer-types-strict
}

# Checks also what need not be compiled again.
sparse() {
  build gcc C=2 CHECK="sparse -include $TOP/tests/kernel/sparse.h" \
    CF=-D__CHECK_ENDIAN__
}

# The least that a configuration can have.
as_least() {
  local config

  config=$(printf '%s\n' CONFIG_64BIT=y CONFIG_DMADEVICES=y CONFIG_FPGABUF=y)
  BASE=/dev/null built gcc-least main.o <<<"$config"
}

# Comments of the interface, and the header as a program gets it
header() {
  local uapi=include/uapi/linux

  (cd "$COPY" && scripts/kernel-doc -none -Werror "$uapi/fpgabuf.h" \
    "$uapi/fpgabuf_user.h") || return
  kernel gcc headers || return
  printf '#include <linux/%s.h>\n' fpgabuf fpgabuf_user |
    gcc -x c -std=c99 -Wall -Wextra -Werror \
      -fsyntax-only -I "$OBJ/gcc/usr/include" -
}

# Older tools than a kernel asks for do not know what its bindings say.
dtschema_fits() {
  local least makefile=$SOURCE/Documentation/devicetree/bindings/Makefile

  least=$(sed -n 's/^DT_SCHEMA_MIN_VERSION = //p' "$makefile")
  printf '%s\n' "$least" "$(dt-doc-validate --version)" | sort -C -V
}

# The schemas, and the examples in them; others have warnings of their own.
bindings() {
  kernel gcc dt_binding_check DT_SCHEMA_FILES=misc/fpgabuf 2>&1 |
    tee "$OBJ/bindings.log" || return
  ! grep fpgabuf "$OBJ/bindings.log" || return
  dt-validate -s "$OBJ/gcc/Documentation/devicetree/bindings/processed-schema.json" \
    "$OBJ"/gcc/Documentation/devicetree/bindings/misc/fpgabuf,*.example.dtb
}

# find_clang: the oldest that may build this kernel
find_clang() {
  local least clang version

  least=$("$SOURCE/scripts/min-tool-version.sh" llvm)
  for clang in clang clang-19; do
    version=$("$clang" -dumpversion)
    if [ "$(printf '%s\n' "$least" "$version" | sort -V | head -n 1)" = \
      "$least" ]; then
      echo "$clang"
      return
    fi
  done
  die "no clang from $least on"
}

# check_series VERSION
check_series() {
  SOURCE=$(tests/vm/source.sh "$1")
  VERSION=${SOURCE##*-}
  OBJ=$WORK/$VERSION
  COPY=$OBJ/tree
  PATCHES=$OBJ/patches

  echo
  echo "== Linux $(make -s -C "$SOURCE" kernelversion)"
  test_that copy 'a pristine copy, and the series' make_copy
  test_that prepare-gcc 'the kernel is prepared, with gcc' prepare gcc
  test_that series 'git am takes the series, each patch builds' apply_series
  test_that checkpatch 'checkpatch --strict finds nothing' checkpatch
  test_that letter 'each objection has the line that answers it' letter
  if [ "$1" = newest ]; then
    test_that upstream 'our patches of the kernel itself apply' upstream
  fi
  test_that kernel-doc 'kernel-doc finds nothing' kernel_doc
  test_that abi 'the documents of the ABI are valid' abi
  test_that coccinelle 'coccinelle finds nothing' coccinelle
  test_that header 'the interface is documented and compiles' header
  if ! dtschema_fits; then
    PATH=$(tests/kernel/dtschema.sh):$PATH
  fi
  test_that bindings 'dt_binding_check finds nothing' bindings
}

check_builds() {
  local clang tools

  clang=$(find_clang)
  test_that "prepare-$clang" "the kernel is prepared, with $clang" \
    prepare "$clang"
  for tools in gcc "$clang"; do
    test_that "y-$tools" "FPGABUF=y, $tools, W=1: no warning" as_y "$tools"
    test_that "m-$tools" "FPGABUF=m, $tools, W=1: no warning" as_m "$tools"
  done
  test_that prototypes 'each callback has the prototype that it is called by' \
    prototypes
  test_that sparse 'sparse finds nothing' sparse
  test_that linked-y 'FPGABUF=y: the kernel is linked' linked_y
  test_that linked-m 'FPGABUF=m: modpost finds every symbol' linked_m
  test_that selftests 'kselftest: built, installed, passes on the stock kernel' \
    selftests
  test_that n 'FPGABUF=n: nothing is built' as_n gcc
  test_that least 'FPGABUF=y and nothing else: no warning' as_least
  test_that in-and-out 'make in-tree is the series; undo leaves no trace' \
    in_and_out
}

SERIES=
if [ "${1-}" = --series ]; then
  SERIES=yes
  shift
  [ $# -gt 0 ] || set -- newest
fi
[ $# -gt 0 ] || set -- 6.1 6.12 newest
for version; do
  check_series "$version"
  [ -n "$SERIES" ] || check_builds
done

echo
printf '%s\n' "${TABLE[@]}"
echo
echo "$PASSED passed, $FAILED failed"
[ "$FAILED" -eq 0 ]
