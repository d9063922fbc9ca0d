#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# in-tree.sh add|undo KERNEL - put the driver into a kernel's tree, or out of it
# in-tree.sh patches KERNEL [OUT] - write it as a series of patches into OUT
#
# KERNEL is a folder, or a package linux-source-VERSION, which is fetched;
# linux-source-newest is the newest of these.
#
# The series is made first, as commits in a small repository that has only those
# files of the tree that the patches change; what is put into the tree is the
# sum of them.  The tree remembers it in .fpgabuf.patch (which git ignores
# there, like all files with a dot), so that it can be taken out again.

set -euo pipefail
shopt -s inherit_errexit
. "$(dirname "$0")/../vm/common.sh"

HERE=$TOP/tests/kernel
DRIVER=drivers/fpgabuf
UAPI=include/uapi/linux/fpgabuf.h
UAPI_USER=include/uapi/linux/fpgabuf_user.h
DOC=Documentation/driver-api/fpgabuf
BINDINGS=Documentation/devicetree/bindings
SELFTESTS=tools/testing/selftests
ABI=Documentation/ABI/testing

# The pages that are for the kernel
DOCUMENTS=(design safety devicetree watching simulator user-channel)

# The files that get lines of ours.
HOOKS=(
  MAINTAINERS
  "$BINDINGS/vendor-prefixes.yaml"
  Documentation/driver-api/index.rst
  Documentation/userspace-api/ioctl/ioctl-number.rst
  drivers/Kconfig
  drivers/Makefile
  drivers/dma/altera-msgdma.c
  drivers/dma/pl330.c
  drivers/dma/xilinx/xdma.c
  "$SELFTESTS/Makefile"
)

usage() {
  die "usage: in-tree.sh add|undo KERNEL, or in-tree.sh patches KERNEL [OUT]"
}

# find_tree KERNEL: its folder
find_tree() {
  case $1 in
  linux-source-[0-9n]*) "$TOP/tests/vm/source.sh" "${1#linux-source-}" ;;
  *)
    if ! [ -e "$1/Kbuild" ] || ! [ -e "$1/MAINTAINERS" ]; then
      die "$1 is no tree of the kernel"
    fi
    realpath "$1"
    ;;
  esac
}

# git of the tree must not find the repository that the tree may lie in.
apply() {
  GIT_CEILING_DIRECTORIES=$(dirname "$PWD") git apply "$@"
}

# What the tree would be without us, as far as it matters.
make_repo() {
  local file

  rm -rf "$REPO" && mkdir -p "$REPO"
  # Some drivers came after 6.1.
  (cd "$TREE" && find "${HOOKS[@]}" -maxdepth 0 -exec cp --parents {} "$REPO" \; 2>/dev/null) ||
    [ ! -e "$TREE/drivers/dma/xilinx/xdma.c" ]
  cd "$REPO"
  git init -q -b series
  if [ -e "$STATE" ]; then
    apply -R "${HOOKS[@]/#/--include=}" "$STATE"
  fi
  git add . && git commit -q -m 'the kernel'
  git tag base
}

# message NAME
message() {
  awk -v name="$1" '
    /^== / { found = $2 == name; next }
    found { print }' "$HERE/messages"
}

# commit NAME: what is there by now is the next patch
commit() {
  maintainers
  git add .
  message "$1" | git commit -q -s -F -
}

# insert FILE PROGRAM: let awk insert lines into a file of the kernel
insert() {
  git show "base:$1" | awk "${@:2}" >"$1"
}

# The entry grows with the files there are.
maintainers() {
  local entry file

  entry=$(
    printf 'FPGABUF CAPTURE DRIVER\nM:\t%s\nS:\tMaintained\n' "$PERSON"
    for file in "$ABI/*-fpgabuf*" "$BINDINGS/misc/fpgabuf,*.yaml" \
      "$DOC/" "$DRIVER/" "$UAPI" "$UAPI_USER" "$SELFTESTS/fpgabuf/"; do
      if compgen -G "$file" >/dev/null; then
        printf 'F:\t%s\n' "$file"
      fi
    done
  )
  # A title begins a paragraph, and a letter with a colon follows it.
  # shellcheck disable=SC2016 # programs of awk, here and below
  ENTRY=$entry insert MAINTAINERS '
    { line[NR] = $0 }
    END {
      for (i = 1; i <= NR; i++) {
        if (!done && line[i - 1] == "" && line[i] > "FPGABUF" &&
            line[i + 1] ~ /^[A-Z]:\t/) {
          print ENVIRON["ENTRY"] "\n"
          done = 1
        }
        print line[i]
      }
    }'
}

# source_files FILE...: of the driver; the newest kernel needs no compat.h, and
# no question whether that has defined something
source_files() {
  local file

  mkdir -p "$DRIVER/sim" "$DRIVER/user"
  for file; do
    if [ -n "$COMPAT" ]; then
      cp "$TOP/$DRIVER/$file" "$DRIVER/$file"
    else
      sed '/^#include "\(\.\.\/\)\?compat\.h"$/d' "$TOP/$DRIVER/$file" |
        without_questions | cat -s >"$DRIVER/$file"
    fi
  done
}

# It ends with 1 if it left something out.  What is true then needs no name: if one
# is asked for in a way that is not known here, there is no series.
without_questions() {
  local names

  names=$(sed -n 's/^#define \([A-Za-z0-9_]*\).*/\1/p' "$TOP/$DRIVER/compat.h" |
    sort -u)
  # shellcheck disable=SC2046,SC2086 # names have no spaces
  { "$WORK/unifdef" $(printf -- '-U%s ' $names) || [ $? -eq 1 ]; } |
    CONSTANTS=$(constants) perl -0pe '
      for my $name (split / /, $ENV{CONSTANTS}) {
        s{/\* .* \*/\n#define $name\ttrue\n\n}{};
        s{if \(!$name \|\|\n\s*\((.*)\)\)\n}{if ($1)\n};
        s{\($name \? (\w+) : 0\)}{$1};
        die "$name is asked for\n" if /\b$name\b/;
      }'
}

# The names that are true unless compat.h says otherwise
constants() {
  cat "$TOP/$DRIVER"/*.[ch] |
    perl -0ne 'print join " ", /#ifndef (\w+)\n#define \1\ttrue\n#endif/g'
}

# compat.h with what holds for this kernel, or nothing if nothing does.  The
# kernel brings the program for that, which ends with 1 if it left something out.
reduced_compat() {
  local code

  code=$(awk '
    $1 == "VERSION" { code += $3 * 65536 }
    $1 == "PATCHLEVEL" { code += $3 * 256 }
    $1 == "SUBLEVEL" { code += $3 > 255 ? 255 : $3 }
    $1 == "NAME" { print code; exit }' "$TREE/Makefile")
  cc -w -o "$WORK/unifdef" "$TREE/scripts/unifdef.c"
  perl -pe 's/KERNEL_VERSION\((\d+), (\d+), (\d+)\)/$1*65536+$2*256+$3/ge' \
    "$TOP/$DRIVER/compat.h" |
    { "$WORK/unifdef" -D"LINUX_VERSION_CODE=$code" || [ $? -eq 1 ]; } |
    sed '/^#include <linux\/version.h>$/d' | cat -s >"$WORK/compat.h"
  # The guard has three.
  [ "$(grep -c '^#' "$WORK/compat.h")" -eq 3 ] || cat "$WORK/compat.h"
}

# has_source OBJECT: is there by now what it is made of?  Of a module, a part.
has_source() {
  local part

  case $1 in
  */) [ -e "$DRIVER/$1/Makefile" ] ;;
  *)
    [ ! -e "$DRIVER/${1%.o}.c" ] || return 0
    # shellcheck disable=SC2013 # it is one line
    for part in $(sed -n "s/^${1%.o}-y := //p" "$TOP/$DRIVER/Makefile"); do
      [ ! -e "$DRIVER/${part%.o}.c" ] || return 0
    done
    return 1
    ;;
  esac
}

# missing_objects LINE: those that the line names, and that have no source yet
missing_objects() {
  local word

  for word in ${1#*=}; do
    case $word in
    *.o | */) has_source "$word" || printf ' %s ' "$word" ;;
    esac
  done
}

# present_objects LINE: the line without the missing ones; nothing if none is left
present_objects() {
  local word words=

  for word in ${1#*=}; do
    if has_source "$word"; then
      words+=" $word"
    fi
  done
  [ -z "$words" ] || printf '%s=%s\n' "${1%%=*}" "$words"
}

# The lines whose files are there by now, and none that are for our own tree.  A
# line that goes on in the next stays as it is when all of it is there.  A
# paragraph of which only its comment is left goes.
driver_makefile() {
  local line whole

  sed -e '/^# Out of tree/,/^endif/d' -e "/^# Only in the kernel's tree/d" \
    "$TOP/$DRIVER/Makefile" |
    if [ -e "$DRIVER/trace.c" ]; then cat; else sed '/^CFLAGS_trace/d'; fi |
    sed -e ':more' -e '/\\$/{N; s/\\\n/\\\x01/; b more' -e '}' |
    while IFS= read -r line; do
      whole=${line//\\$'\x01'/}
      if [[ $line != *.o* && $line != */ ]] || [ -z "$(missing_objects "$whole")" ]; then
        printf '%s\n' "${line//$'\x01'/$'\n'}"
      else
        present_objects "$whole"
      fi
    done |
    awk -v RS= '/(^|\n)[^#]/ { printf "%s%s\n", n++ ? "\n" : "", $0 }' >"$WORK/Makefile"
  mv "$WORK/Makefile" "$DRIVER/Makefile"
}

# options NAME...: these of the driver's Kconfig
options() {
  awk -v names=" $* " '
    NR == 1 { print; next }
    /^config / {
      wanted = index(names, " " $2 " ")
      blank = wanted && count++ ? "\n" : ""
    }
    !wanted { next }
    /^$/ { blank = "\n"; next }
    { printf "%s%s\n", blank, $0; blank = "" }' \
    "$TOP/$DRIVER/Kconfig" >"$DRIVER/Kconfig"
}

tests() {
  find "$TOP/$DRIVER" \( -name '*_test.[ch]' -o -name 'kunit_*.[ch]' \) \
    -printf '%P\n' | sort
}

# Faults of the kernel's own DMA drivers.  Each patch has its message in front,
# as git am wants it but for the name.  They are made for drivers as they are
# since 6.12.
provider_fixes() {
  local patch

  grep -q memcpy_toio drivers/dma/altera-msgdma.c || return 0
  for patch in "$HERE"/providers/*.patch; do
    apply "$patch" || die "${patch#"$TOP"/} does not apply to $TREE"
    git add .
    sed '1,2d; /^---$/,$d' "$patch" | git commit -q -s -F -
  done
}

# add_files FILE...: of the driver, and the Makefile that builds them
add_files() {
  source_files "$@"
  driver_makefile
}

# abi NAME: what programs may rely on, in the kernel's own form
abi() {
  mkdir -p "$ABI"
  "$HERE/abi.sh" "$1" "$PERSON" "$GIT_AUTHOR_DATE" >"$ABI/$1"
}

# binding NAME...: out of the kernel it is nobody in particular who maintains them
binding() {
  local name

  mkdir -p "$BINDINGS/misc"
  for name; do
    sed "/^maintainers:/,/^\$/s/^  - .*/  - $PERSON/" \
      "$TOP/$BINDINGS/misc/fpgabuf,$name.yaml" >"$BINDINGS/misc/fpgabuf,$name.yaml"
  done
}

# shellcheck disable=SC2016
interfaces() {
  insert "$BINDINGS/vendor-prefixes.yaml" '
    !done && /^  "\^[a-z0-9-]+,\.\*":$/ && substr($0, 5) > "fpgabuf" {
      print "  \"^fpgabuf,.*\":"
      print "    description: fpgabuf, free gateware and drivers for capture by FPGAs"
      done = 1
    }
    { print }'
  commit prefix
  binding capture
  commit binding

  mkdir -p "${UAPI%/*}"
  cp "$TOP/uapi/linux/fpgabuf.h" "$UAPI"
  insert Documentation/userspace-api/ioctl/ioctl-number.rst '
    !done && /^0xF[C-F] / {
      print "0xFB  00-08  uapi/linux/fpgabuf.h"
      done = 1
    }
    { print }'
  commit uapi
}

# The layers of Documentation/design.rst, the lowest first
layers() {
  mkdir -p "$DRIVER"
  [ -z "$COMPAT" ] || printf '%s\n' "$COMPAT" >"$DRIVER/compat.h"
  add_files memory.h memory.c
  commit memory
  add_files backends.h backends.c folio.c pages.c scatter.c
  commit backends
  add_files carveout.c cma.c
  commit reserved
  add_files pins.h pins.c
  commit pins
  add_files region.h region.c quarantine.c
  commit region
  add_files mapping.h mapping.c trace.h
  commit mapping
  add_files importers.h importers.c
  commit importers
  add_files dmabuf.h dmabuf.c
  commit dma-buf
  add_files mark.h mark.c
  commit mark
  add_files fence.h fence.c
  commit fence
  add_files channel.h channel.c
  commit channel
  add_files provider.c
  commit provider
  add_files target.h target.c
  commit target
  add_files capture.h capture.c
  commit capture
  add_files stream.h stream.c
  commit stream
  add_files chardev.h chardev.c
  commit chardev
  add_files debugfs.h debugfs.c trace.c
  abi debugfs-driver-fpgabuf
  commit debugfs
}

# The driver is complete, so build it.
# shellcheck disable=SC2016
driver() {
  add_files main.c
  options FPGABUF FPGABUF_DEBUG
  insert drivers/Kconfig '
    { print }
    /^source "drivers\/fpga\/Kconfig"/ {
      print "\nsource \"drivers/fpgabuf/Kconfig\""
    }'
  insert drivers/Makefile '
    { print }
    /^obj-\$\(CONFIG_FPGA\)/ { print "obj-$(CONFIG_FPGABUF)\t\t+= fpgabuf/" }'
  abi sysfs-module-fpgabuf
  commit driver
}

providers() {
  binding sim
  commit sim-binding
  source_files sim/sim.h sim/main.c sim/settings.c sim/channel.c \
    sim/master.c sim/source.c sim/feed.c
  cp "$TOP/$DRIVER/sim/Makefile" "$DRIVER/sim"
  driver_makefile
  options FPGABUF FPGABUF_SIM FPGABUF_DEBUG
  abi sysfs-devices-fpgabuf-sim
  commit sim

  binding user
  commit user-binding
  cp "$TOP/uapi/linux/fpgabuf_user.h" "$UAPI_USER"
  source_files user/user.h user/main.c user/channel.c user/transfer.c \
    user/node.c
  cp "$TOP/$DRIVER/user/Makefile" "$DRIVER/user"
  driver_makefile
  options FPGABUF FPGABUF_SIM FPGABUF_USER FPGABUF_DEBUG
  abi sysfs-class-misc-fpgabuf-user
  commit user

  # Its provider came after 6.1.
  if [ -e "$TREE/include/linux/platform_data/amd_xdma.h" ]; then
    add_files xdma.c
    options FPGABUF FPGABUF_SIM FPGABUF_USER FPGABUF_XDMA FPGABUF_DEBUG
    abi sysfs-module-fpgabuf-xdma
    commit xdma
  fi
}

# They need a mapping for themselves, which KUnit can make since 6.11.
kunit() {
  grep -q kunit_vm_mmap "$TREE/include/kunit/test.h" || return 0
  # The Makefile of the simulator does not wait for its test.
  add_files kunit_bed.h kunit_bed.c region_test.c sg_test.c inuse_test.c pins_test.c \
    sim/source_test.c
  cp "$TOP/$DRIVER/Kconfig" "$DRIVER"
  commit kunit-regions
  # shellcheck disable=SC2046 # names of files have no spaces
  add_files $(tests)
  commit kunit-captures
}

# Those of the guest tests that need no more than the driver and the simulated FPGA
# shellcheck disable=SC2016
selftests() {
  mkdir -p "$SELFTESTS/fpgabuf/lib"
  cp -r "$HERE"/selftests/{.gitignore,*} "$SELFTESTS/fpgabuf"
  cp "$TOP/tests/lib/suite.h" "$SELFTESTS/fpgabuf/lib"
  cp "$TOP"/tests/driver/{bed.h,{bed,memory,modules,passing,process,sim}.c} \
    "$TOP"/tests/driver/{alloc,capture,faults,fence,limits,uapi,watch}.c \
    "$SELFTESTS/fpgabuf"
  insert "$SELFTESTS/Makefile" '
    !done && $1 == "TARGETS" && $3 > "fpgabuf" {
      print "TARGETS += fpgabuf"
      done = 1
    }
    { print }'
  commit selftests
}

documentation() {
  local file

  mkdir -p "$DOC"
  cp "$HERE/index.rst" "$DOC"
  for file in "${DOCUMENTS[@]}"; do
    page "$TOP/Documentation/$file.rst" >"$DOC/$file.rst"
  done
  insert Documentation/driver-api/index.rst '
    { print }
    /^   fpga\/index$/ { print "   fpgabuf/index" }'
  commit documentation
}

series() {
  provider_fixes
  interfaces
  layers
  driver
  providers
  kunit
  selftests
  documentation
}

# page FILE: without what is about our own tree, and with the names of its pages
# where they are not
page() {
  PAGES="${DOCUMENTS[*]}" perl -0pe '
    BEGIN { %here = map { $_ => 1 } split / /, $ENV{PAGES} }
    if (!$ENV{COMPAT}) {
      s/^``compat\.h``.*\n//m;
      s/``trace\.h`` and ``compat\.h`` as well, which include /``trace.h`` as well, which includes /;
    }
    s/^``Documentation\/examples\/.*\n\n//mg;
    s/:doc:`([\w-]+)`/$here{$1} ? $& : "``$1.rst``"/ge;
    s/^\.\. literalinclude:: (?=devicetree)/$&..\/..\//mg;
  ' "$1"
}

sum() {
  git diff --no-color --no-ext-diff --full-index base HEAD
}

add() {
  cd "$REPO" && sum >"$WORK/patch"
  cd "$TREE"
  if [ -e "$STATE" ]; then
    if cmp -s "$STATE" "$WORK/patch"; then
      note "the driver is in $TREE already"
      return
    fi
    undo
  fi
  apply "$WORK/patch" || die "$TREE has files of that name; is it pristine?"
  cp "$WORK/patch" "$STATE"
  note "the driver is in $TREE; set CONFIG_FPGABUF"
}

undo() {
  [ -e "$STATE" ] || die "the driver was not put into $TREE by this script"
  cd "$TREE"
  apply -R "$STATE" || die "$TREE has been changed since the driver was put in"
  rm "$STATE"
  note "the driver is out of $TREE"
}

# patches [OUT]: without OUT, on stdout.  The letter is what git calls the
# description of the branch.
patches() {
  local options=(--no-signature --no-color "--subject-prefix=RFC PATCH"
    --cover-letter --cover-from-description=subject base)

  cd "$REPO"
  git config branch.series.description "$("$HERE/letter.sh" "$REPO")"
  if [ $# -eq 0 ]; then
    git format-patch --stdout "${options[@]}"
  else
    mkdir -p "$1"
    rm -f "$1"/[0-9][0-9][0-9][0-9]-*.patch
    git format-patch -o "$1" "${options[@]}"
  fi
}

[ $# -ge 2 ] || usage
COMMAND=$1
[ $# -eq 2 ] || [[ $COMMAND = patches && $# -eq 3 ]] || usage
OUT=${3:+$(realpath -m "$3")}
TREE=$(find_tree "$2")
STATE=$TREE/.fpgabuf.patch
WORK=$BUILD/in-tree/$(sha256sum <<<"$TREE" | cut -c 1-12)
REPO=$WORK/repo

if [ "$COMMAND" = undo ]; then
  undo
  exit
fi

# The patches are signed off by who runs this, at the time of the last commit,
# so that the same sources make the same patches.
GIT_AUTHOR_DATE=$(source_commit date)
GIT_COMMITTER_DATE=$GIT_AUTHOR_DATE
export GIT_AUTHOR_DATE GIT_COMMITTER_DATE
PERSON=$(cd "$TOP" && git var GIT_COMMITTER_IDENT) ||
  die "set user.name and user.email of git: the patches are signed off"
PERSON=${PERSON%>*}\>
export GIT_AUTHOR_NAME=${PERSON% <*} GIT_COMMITTER_NAME=${PERSON% <*}
GIT_AUTHOR_EMAIL=${PERSON#*<}
export GIT_AUTHOR_EMAIL=${GIT_AUTHOR_EMAIL%>}
export GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL

mkdir -p "$WORK"
COMPAT=$(reduced_compat)
export COMPAT
make_repo
series
case $COMMAND in
add) add ;;
patches) patches ${OUT:+"$OUT"} ;;
*) usage ;;
esac
