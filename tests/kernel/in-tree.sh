#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# in-tree.sh add|undo KERNEL - put the driver into a kernel's tree, or out of it
# in-tree.sh patches KERNEL [OUT] - write it as a series of patches into OUT
#
# KERNEL is a folder, or a package linux-source-VERSION, which is fetched.
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

# The files that get lines of ours.
HOOKS=(
  MAINTAINERS
  "$BINDINGS/vendor-prefixes.yaml"
  Documentation/driver-api/index.rst
  Documentation/userspace-api/ioctl/ioctl-number.rst
  drivers/Kconfig
  drivers/Makefile
  drivers/dma/altera-msgdma.c
  "$SELFTESTS/Makefile"
)

usage() {
  die "usage: in-tree.sh add|undo KERNEL, or in-tree.sh patches KERNEL [OUT]"
}

# find_tree KERNEL: its folder
find_tree() {
  case $1 in
  linux-source-[0-9]*) "$TOP/tests/vm/source.sh" "${1#linux-source-}" ;;
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
  (cd "$TREE" && cp --parents "${HOOKS[@]}" "$REPO")
  cd "$REPO"
  git init -q
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
    for file in "$BINDINGS/misc/fpgabuf,*.yaml" "$DOC/" "$DRIVER/" "$UAPI" "$UAPI_USER" \
      "$SELFTESTS/fpgabuf/"; do
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

# source_files FILE...: of the driver; the newest kernel needs no compat.h
source_files() {
  local file

  mkdir -p "$DRIVER/sim" "$DRIVER/user"
  for file; do
    if [ -n "$COMPAT" ]; then
      cp "$TOP/$DRIVER/$file" "$DRIVER/$file"
    else
      sed '/^#include "\(\.\.\/\)\?compat\.h"$/d' "$TOP/$DRIVER/$file" |
        cat -s >"$DRIVER/$file"
    fi
  done
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

# has_part NAME: is the first file there that this module is linked from?
has_part() {
  local part

  part=$(sed -n "s/^$1-y := \([a-z_]*\)\.o.*/\1/p" "$TOP/$DRIVER/Makefile")
  [ -n "$part" ] && [ -e "$DRIVER/$part.c" ]
}

# The lines whose files are there by now, and none that are for our own tree.
driver_makefile() {
  local from=$TOP/$DRIVER line object

  sed '/^# Out of tree/,/^endif/d' "$from/Makefile" | cat -s |
    while IFS= read -r line; do
      for object in ${line#*=}; do
        case $object in
        */) [ -e "$DRIVER/$object/Makefile" ] || continue 2 ;;
        *.o)
          [ -e "$DRIVER/${object%.o}.c" ] || has_part "${object%.o}" ||
            continue 2
          ;;
        esac
      done
      printf '%s\n' "$line"
    done | sed '${/^$/d}' >"$WORK/Makefile"
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

# shellcheck disable=SC2016
series() {
  local file

  provider_fixes

  mkdir -p "$BINDINGS/misc"
  for file in fpgabuf,capture.yaml fpgabuf,sim.yaml fpgabuf,user.yaml; do
    # Out of the kernel it is nobody in particular who maintains them.
    sed "/^maintainers:/,/^\$/s/^  - .*/  - $PERSON/" \
      "$TOP/$BINDINGS/misc/$file" >"$BINDINGS/misc/$file"
  done
  insert "$BINDINGS/vendor-prefixes.yaml" '
    !done && /^  "\^[a-z0-9-]+,\.\*":$/ && substr($0, 5) > "fpgabuf" {
      print "  \"^fpgabuf,.*\":"
      print "    description: fpgabuf, capture from an FPGA"
      done = 1
    }
    { print }'
  commit bindings

  mkdir -p "${UAPI%/*}"
  cp "$TOP/uapi/linux/fpgabuf.h" "$UAPI"
  insert Documentation/userspace-api/ioctl/ioctl-number.rst '
    !done && /^0xF[C-F] / {
      print "0xFB  00-08  uapi/linux/fpgabuf.h"
      done = 1
    }
    { print }'
  commit uapi

  source_files memory.h memory.c backends.h backends.c folio.c pages.c \
    scatter.c carveout.c cma.c pins.h pins.c region.h region.c quarantine.c \
    mapping.h mapping.c trace.h
  [ -z "$COMPAT" ] || printf '%s\n' "$COMPAT" >"$DRIVER/compat.h"
  driver_makefile
  commit regions

  source_files importers.h importers.c dmabuf.h dmabuf.c mark.h mark.c \
    fence.h fence.c
  driver_makefile
  commit dma-buf

  source_files channel.h channel.c provider.c capture.h capture.c stream.h \
    stream.c chardev.h chardev.c debugfs.h debugfs.c main.c trace.c
  driver_makefile
  options FPGABUF FPGABUF_DEBUG
  insert drivers/Kconfig '
    { print }
    /^source "drivers\/fpga\/Kconfig"/ {
      print "\nsource \"drivers/fpgabuf/Kconfig\""
    }'
  insert drivers/Makefile '
    { print }
    /^obj-\$\(CONFIG_FPGA\)/ { print "obj-$(CONFIG_FPGABUF)\t\t+= fpgabuf/" }'
  commit capture

  source_files sim/sim.h sim/main.c sim/settings.c sim/channel.c \
    sim/master.c sim/source.c sim/feed.c
  cp "$TOP/$DRIVER/sim/Makefile" "$DRIVER/sim"
  driver_makefile
  options FPGABUF FPGABUF_SIM FPGABUF_DEBUG
  commit sim

  cp "$TOP/uapi/linux/fpgabuf_user.h" "$UAPI_USER"
  source_files user/user.h user/main.c user/channel.c user/transfer.c \
    user/node.c
  cp "$TOP/$DRIVER/user/Makefile" "$DRIVER/user"
  driver_makefile
  options FPGABUF FPGABUF_SIM FPGABUF_USER FPGABUF_DEBUG
  commit user

  # Its provider came after 6.1.
  if [ -e "$TREE/include/linux/platform_data/amd_xdma.h" ]; then
    source_files xdma.c
    driver_makefile
    options FPGABUF FPGABUF_SIM FPGABUF_USER FPGABUF_XDMA FPGABUF_DEBUG
    commit xdma
  fi

  # They need a mapping for themselves, which KUnit can make since 6.11.
  if grep -q kunit_vm_mmap "$TREE/include/kunit/test.h"; then
    # shellcheck disable=SC2046 # names of files have no spaces
    source_files $(tests)
    driver_makefile
    cp "$TOP/$DRIVER/Kconfig" "$DRIVER"
    commit kunit
  fi

  # Those of the guest tests that need no more than the driver and the
  # simulated FPGA.
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

  mkdir -p "$DOC"
  cp "$HERE/index.rst" "$DOC"
  for file in design safety devicetree watching simulator user-channel; do
    page "$TOP/Documentation/$file.rst" >"$DOC/$file.rst"
  done
  insert Documentation/driver-api/index.rst '
    { print }
    /^   fpga\/index$/ { print "   fpgabuf/index" }'
  commit documentation
}

# page FILE: without what is about our own tree
page() {
  perl -0pe '
    s/^``compat\.h``.*\n//m if !$ENV{COMPAT};
    s/^``Documentation\/examples\/.*\n\n//mg;
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

# patches [OUT]: without OUT, on stdout
patches() {
  local options=(--no-signature --no-color --subject-prefix=PATCH base)

  cd "$REPO"
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
