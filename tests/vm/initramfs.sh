# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Builds the guest's file system in the directory $ROOT; sourced by run.sh.
# Wants KVER set and common.sh and arch.sh sourced.

# modules loaded at boot, as paths in the guest, in order
MODULES=()

initramfs_begin() {
  # Not everybody in the guest is root.
  umask 022
  mkdir -p "$ROOT"/{bin,dev,etc/vm,lib,lib64,proc,root,run,sbin,sys,tmp} \
    "$ROOT/lib/modules" "$ROOT/lib/fpgabuf"
  cp "$TOP/tests/vm/init" "$ROOT/init"
  cp "$(program busybox)" "$ROOT/bin/busybox"
  echo 'root:x:0:0:root:/root:/bin/sh' >"$ROOT/etc/passwd"
  echo 'nobody:x:65534:65534:nobody:/:/bin/false' >>"$ROOT/etc/passwd"
  echo 'root:x:0:' >"$ROOT/etc/group"
  echo '127.0.0.1 localhost' >"$ROOT/etc/hosts"
  # busybox's ip knows no network namespaces, and its shell would run that one
  # whatever the path
  add_file "$(program ip)" /sbin/ip
  add_file "$(program dash)" /bin/sh
}

# add_file HOST GUEST: copy a file, and what it is linked to
add_file() {
  [ -r "$1" ] || die "cannot read $1"
  mkdir -p "$ROOT${2%/*}"
  cp -L "$1" "$ROOT$2"
  if [ -x "$1" ]; then
    add_libraries "$1"
  fi
}

# Libraries go to /lib by their bare name: the loader looks there anyway, and
# an rpath into our build directory means nothing in the guest.  ldd could not
# tell what programs of another architecture need.
add_libraries() {
  local loader name path

  if ! is_dynamic "$1"; then
    return
  fi
  # A program names its loader by its path.
  loader=$(readelf -lW "$1" | sed -n 's/.*program interpreter: \(.*\)\]/\1/p')
  if [ -n "$loader" ] && ! [ -e "$ROOT$loader" ]; then
    mkdir -p "$ROOT${loader%/*}"
    path=$(library "${loader##*/}") || die "$1 is no program for $ARCH"
    cp -L "$path" "$ROOT$loader"
  fi
  for name in $(readelf -dW "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
    if [ -e "$ROOT/lib/$name" ]; then
      continue
    fi
    path=$(library "$name") || path=$(private_library "$name" "$1") ||
      die "$1 needs $name, which is not found"
    cp -L "$path" "$ROOT/lib/$name"
    add_libraries "$path"
  done
}

# private_library NAME FILE: it may be in a folder that FILE names
private_library() {
  local dir dirs

  dirs=$(readelf -dW "$2" | sed -nE 's/.*\(R(UN)?PATH\).*\[(.*)\]/\2/p')
  while read -rd : dir; do
    case $dir in
    \$ORIGIN*) dir=$(dirname "$2")${dir#\$ORIGIN} ;;
    *) dir=$SYSROOT$dir ;;
    esac
    if [ -r "$dir/$1" ]; then
      echo "$dir/$1"
      return
    fi
  done <<<"$dirs:"
  return 1
}

# Scripts and static programs need nothing.
is_dynamic() {
  readelf -lW "$1" 2>/dev/null | grep -q ' DYNAMIC '
}

# add_module NAME: a module of the stock kernel, with those it depends on.  Where
# there is a faster one for some processors, the one for all of them will do.
add_module() {
  local depends word path rest

  depends=$(modprobe -d "${KROOT:-/}" -S "$KVER" --show-depends "$1") ||
    die "kernel $KVER has no module $1"
  while read -r word path rest; do
    if [ "$word" = insmod ] && [[ $path != */arch/*/crypto/* ]]; then
      load_at_boot "$path"
    fi
  done <<<"$depends"
}

load_at_boot() {
  local guest=/lib/modules/${1##*/}

  guest=${guest%.xz}
  if [ -e "$ROOT$guest" ]; then
    return
  fi
  case $1 in
  *.xz) xz -dc "$1" >"$ROOT$guest" ;;
  *) cp "$1" "$ROOT$guest" ;;
  esac
  MODULES+=("$guest")
}

# add_ko FILE: one of our modules, and the stock ones it depends on.  The
# guest's command loads it.
add_ko() {
  local name

  [ -r "$1" ] || die "cannot read $1"
  cp "$1" "$ROOT/lib/fpgabuf/"
  for name in $(modinfo -F depends "$1" | tr , ' '); do
    case $name in
    fpgabuf*) ;;
    *) add_module "$name" ;;
    esac
  done
}

# initramfs_end FILE: pack it all
initramfs_end() {
  (cd "$ROOT" && find . -print0 | cpio --null --create --quiet --format=newc \
    --owner=0:0) >"$1"
}
