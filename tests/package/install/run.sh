#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh - does "make install" put there what a program and its user need, and
# "make uninstall" take it away?  And do --help, manual and completion know the
# same options?

set -euo pipefail
. "$(dirname "$0")/../../vm/common.sh"
. "$TOP/tests/vm/expect.sh"
cd "$TOP"

TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
# A name with a space, as a careless script would stumble over
ROOT="$TMP/the root"
LIB="$ROOT/usr/local/lib"
MAN="$ROOT/usr/local/share/man"

# in_root install|uninstall [VARIABLE=VALUE...]
in_root() {
  make -s "$1" BUILD="$BUILD/install" DESTDIR="$ROOT" "${@:2}"
}

files() {
  (cd "$ROOT" && find . ! -type d -printf '%m %y %P\n' | sort -k 3)
}

# recorded LIST: without its comments
recorded() {
  grep -v '^#' "$1"
}

# same COMMAND COMMAND [ARGUMENT]: both print the same, and something
same() {
  "$1" "${@:3}" >"$TMP/one"
  "$2" "${@:3}" >"$TMP/two"
  [ -s "$TMP/one" ] && diff "$TMP/one" "$TMP/two"
}

expected_files() {
  local call

  recorded tests/package/install/files.txt |
    sed "s#/lib/python3/#/lib/python$(pkg-config --modversion python3)/#"
  while read -r call; do
    echo "644 f usr/local/share/man/man3/${call%@@*}.3"
  done < <(recorded tools/lib/libfpgabuf.symbols)
}

sorted_expected_files() {
  expected_files | sort -k 3
}

exported() {
  nm -D --defined-only --with-symbol-versions "$LIB/libfpgabuf.so" |
    awk '$2 != "A" { print $3 }' | sort
}

recorded_symbols() {
  recorded tools/lib/libfpgabuf.symbols | sort
}

# The functions that the headers declare
declared() {
  grep -ohE '\bfpgabuf_[a-z_]+\(' tools/lib/include/fpgabuf/*.h |
    tr -d '(' | sort -u
}

recorded_calls() {
  recorded_symbols | sed 's/@.*//'
}

soname() {
  readelf -d "$LIB/libfpgabuf.so" | grep -F 'soname: [libfpgabuf.so.0]'
}

# A directory without spaces: no program splits flags well that have some.
compile() {
  local root=$TMP/root output=$1 source=$2 flags

  ln -sfn "$ROOT" "$root"
  flags=$(PKG_CONFIG_SYSROOT_DIR=$root \
    PKG_CONFIG_LIBDIR=$root/usr/local/lib/pkgconfig \
    pkg-config ${3:+--static} --cflags --libs libfpgabuf) || return
  # shellcheck disable=SC2086 # they are many words
  case $source in
  *.cc) g++ -Wall -Wextra -Werror -O2 -o "$output" "$source" $flags "${@:3}" ;;
  *) cc -Wall -Wextra -Werror -O2 -o "$output" "$source" $flags "${@:3}" ;;
  esac
}

dynamic() {
  compile "$TMP/dynamic" tests/package/install/program.c || return
  readelf -d "$TMP/dynamic" | grep -F 'NEEDED' | grep -F libfpgabuf.so.0 ||
    return
  LD_LIBRARY_PATH=$LIB "$TMP/dynamic"
}

# By their names alone
finds_masters() {
  local file

  for file in tools/uio/masters/*; do
    (cd "$TMP" && "$ROOT/usr/local/bin/fpgabuf-uio" --check "${file##*/}") ||
      return
  done
}

# Every structure that the headers have, by the name C++ users give it
cplusplus() {
  {
    echo '#include <fpgabuf/fpgabuf.h>'
    echo '#include <fpgabuf/user.h>'
    echo 'int main() {'
    sed -nE 's/^struct (fpgabuf_[a-z_]+) \{$/\1/p' \
      tools/lib/include/fpgabuf/*.h uapi/linux/*.h |
      while read -r name; do
        ! recorded_calls | grep -qx "$name" || name+=_t
        echo "{ $name object{}; (void)object; }"
      done
    echo 'return fpgabuf_version() < FPGABUF_MAKE_VERSION(0, 2); }'
  } >"$TMP/program.cc"
  compile "$TMP/cplusplus" "$TMP/program.cc" &&
    LD_LIBRARY_PATH=$LIB "$TMP/cplusplus"
}

static() {
  compile "$TMP/static" tests/package/install/program.c -static && "$TMP/static"
}

examples() {
  local source

  for source in Documentation/examples/*.c; do
    compile "$TMP/example" "$source" || return
  done
}

# A header of the kernel that lies around must not be taken for ours.
no_stranger() {
  ! compgen -G "$ROOT/usr/local/include/linux*"
}

# Each of "-x --long" a line
help_options() {
  "$BUILD/install/tools/$1" --help |
    sed -nE 's/^ {2,6}(-[a-z])?,? ?(--[a-z-]+).*/\1 \2/p' | sort
}

manual_options() {
  sed -nE 's/^\.It (Fl ([a-z]) , )?Fl (-[a-z-]+).*/\2 \3/p' "$MAN/man1/$1.1" |
    sed -E 's/^([a-z])/-\1/; s/ -/ --/' | sort
}

# What the shell offers for an empty word, one a line
completion_options() {
  bash -c '. "$1"
    COMP_WORDS=("$2" "") COMP_CWORD=1
    $(complete -p "$2" | sed -E "s/.*-F ([^ ]+).*/\1/")
    printf "%s\n" "${COMPREPLY[@]}"' completion \
    "$ROOT/usr/local/share/bash-completion/completions/$1" "$1" | sort
}

help_words() {
  help_options "$1" | tr ' ' '\n' | sed '/^$/d' | sort
}

completes_values() {
  bash -c '. tools/completions/fpgabuf-send
    COMP_WORDS=(fpgabuf-send --engine z) COMP_CWORD=2
    _fpgabuf_send
    [ "${COMPREPLY[*]}" = zerocopy ]
    . tools/completions/fpgabuf-recv
    COMP_WORDS=(fpgabuf-recv --output Makef) COMP_CWORD=2
    _fpgabuf_recv
    [ "${COMPREPLY[*]}" = Makefile ]
    . tools/completions/fpgabuf-show
    COMP_WORDS=("$1/fpgabuf-show" --format UY) COMP_CWORD=2
    _fpgabuf_show
    [ "${COMPREPLY[*]}" = UYVY ]
    . tools/completions/fpgabuf-share
    COMP_WORDS=(fpgabuf-share --user roo) COMP_CWORD=2
    _fpgabuf_share
    [ "${COMPREPLY[*]}" = root ]' completion "$BUILD/install/tools"
}

# It refuses what is no device of ours, by the shared library.
python_module() {
  LD_LIBRARY_PATH=$LIB PYTHONPATH=$(echo "$LIB"/python3*/dist-packages) \
    /usr/bin/python3 -B -c 'import fpgabuf, fpgabuf.frames, fpgabuf.sigmf
try: fpgabuf.Device("/dev/null")
except fpgabuf.Error as error: print(error)' | grep -F 'not an fpgabuf device'
}

# Each says what it lacks, by the shared library.
plugins() {
  ! LD_LIBRARY_PATH=$LIB GST_PLUGIN_PATH=$LIB/gstreamer-1.0 \
    GST_REGISTRY=$TMP/registry gst-launch-1.0 fpgabufsrc device=/dev/null ! fakesink \
    >"$TMP/said" 2>&1 && grep -F 'not an fpgabuf device' "$TMP/said" || return
  ! LD_LIBRARY_PATH=$LIB SOAPY_SDR_PLUGIN_PATH=$(echo "$LIB"/SoapySDR/modules*) \
    SoapySDRUtil --args=driver=fpgabuf,device=/dev/null --rate=1e6 --direction=RX \
    >"$TMP/said" 2>&1 && grep -F 'not an fpgabuf device' "$TMP/said"
}

# A machine without the libraries gets everything else, and is told.
without_libdrm() {
  local o=$TMP/without

  make -C tools O="$o" PKG_CONFIG=false >"$TMP/without.log" || return
  cat "$TMP/without.log"
  grep -q 'fpgabuf-show is not built: no libdrm' "$TMP/without.log" &&
    grep -q 'fpgabuf-scope is not built: no fftw3' "$TMP/without.log" &&
    grep -q 'Python binding: not built, python3-dev is not there' \
      "$TMP/without.log" &&
    grep -q 'no jansson (libjansson-dev): built without --replay' \
      "$TMP/without.log" &&
    grep -q 'GStreamer source: not built, libgstreamer-plugins-base1.0-dev' \
      "$TMP/without.log" &&
    grep -q 'SoapySDR module: not built, libsoapysdr-dev' "$TMP/without.log" &&
    [ -x "$o/fpgabuf-send" ] && ! [ -e "$o/fpgabuf-show" ] &&
    ! [ -e "$o/fpgabuf-scope" ] &&
    ! "$o/fpgabuf-record" --replay x "$TMP/y" 2>"$TMP/said" &&
    grep 'was built without jansson' "$TMP/said" &&
    make -s -C tools O="$o" PKG_CONFIG=false DESTDIR="$TMP/without.root" \
      install &&
    ! find "$TMP/without.root" -name '*show*' -o -name '*scope*' -o -name '*python*' \
      -o -name '*gst*' -o -iname '*soapy*' -o -name '*.7' | grep .
}

# statically BUILD VARIABLE=VALUE...: the tools need no library of this machine.
statically() {
  local o=$TMP/built-$1 tool

  make -s -C tools O="$o" LDFLAGS=-static "${@:2}" || return
  for tool in fpgabuf-send fpgabuf-recv fpgabuf-info fpgabuf-share fpgabuf-plan \
    fpgabuf-record fpgabuf-uio fpgabuf-doctor
  do
    ! readelf -l "$o/$tool" | grep INTERP || return
    "$o/$tool" --version || return
  done
}

# musl brings no headers of the kernel.
with_musl() {
  local headers=$TMP/kernel

  mkdir -p "$headers"
  ln -sfn /usr/include/linux /usr/include/asm-generic "$headers"
  ln -sfn "/usr/include/$(gcc -print-multiarch)/asm" "$headers"
  statically musl CC=musl-gcc PKG_CONFIG=false \
    CPPFLAGS="-idirafter $headers"
}

# units_verified: systemd would take the units as they are.  It wants a program
# where the service looks for it, which is not where it is yet.
units_verified() {
  local units=$TMP/units unit instance

  mkdir -p "$units"
  for unit in share@.service share@.socket send@.service recv@.service \
    record@.service
  do
    instance=fpgabuf0
    [[ $unit != recv@* ]] || instance=5000
    sed "s#^ExecStart=/usr/local/bin/#ExecStart=$BUILD/install/tools/#" \
      "$LIB/systemd/system/fpgabuf-$unit" \
      >"$units/fpgabuf-${unit/@/@$instance}" || return
  done
  # Of other units it has warnings as well.
  ! SYSTEMD_UNIT_PATH="$units:" systemd-analyze verify --man=no \
    "$units"/fpgabuf-* 2>&1 | grep fpgabuf
}

# units_hardened: 2.0 is half of what systemd calls "medium".
units_hardened() {
  local unit

  for unit in "$TMP"/units/fpgabuf-*.service; do
    systemd-analyze security --no-pager --offline=yes --threshold=20 "$unit" ||
      return
  done
}

unit_programs() {
  local tool

  for tool in record send share; do
    grep -F "ExecStart=/usr/local/bin/fpgabuf-$tool --device /dev/%I " \
      "$LIB/systemd/system/fpgabuf-$tool@.service" || return
  done
  grep -F 'ExecStart=/usr/local/bin/fpgabuf-recv --connections 0 ' \
    "$LIB/systemd/system/fpgabuf-recv@.service"
}

# describes PAGE CALL
describes() {
  grep -qE "^\.Nm $2( ,)?$" "$1" && grep -qE "^\.F[no] $2( |$)" "$1"
}

call_pages() {
  local call page

  while read -r call; do
    page=$MAN/$(sed -n 's/^\.so //p' "$MAN/man3/$call.3")
    if ! describes "$page" "$call"; then
      echo "$call is not in $page"
      return 1
    fi
  done < <(recorded_calls)
}

# As for a kernel that somebody has built: tests/vm does not know that
# architecture.  kbuild's install knows no directory with a space in its name.
modules_installed() {
  local kernel

  kernel=$(tests/vm/kernel.sh) || return
  make -s modules_install BUILD="$BUILD/install" DESTDIR="$TMP/modules" \
    KDIR="/lib/modules/$kernel/build" ARCH=x86_64
}

all_modules() {
  (cd "$TMP/modules/lib/modules/"*/updates &&
    find . -name '*.ko*' -printf '%f\n' | sed 's/\.ko.*/.ko/' | sort) |
    diff - <(printf '%s\n' fpgabuf-sim.ko fpgabuf-user.ko \
      fpgabuf.ko)
}

# no_switches: with such a parameter whoever writes to /sys can spoil captures.
no_switches() {
  local module

  while read -r module; do
    ! modinfo -p "$module" | grep '^debug_' || return
  done < <(find "$TMP/modules" -name '*.ko*')
}

# The receiver needs neither driver nor liburing nor libdrm; without librdmacm it says
# what it cannot do.
receiver_alone() {
  local o=$TMP/receiver

  make -s -C tools O="$o" PKG_CONFIG=false "$o/fpgabuf-recv" || return
  "$o/fpgabuf-recv" --version &&
    ! "$o/fpgabuf-recv" --rdma --timeout 1 0.0.0.0:0 2>"$TMP/said" &&
    grep 'was built without RDMA' "$TMP/said" &&
    [ "$(find "$o" -maxdepth 1 -name 'fpgabuf-*' -type f)" = "$o/fpgabuf-recv" ]
}

nothing_left() {
  ! find "$ROOT" ! -type d -o -name '*fpgabuf*' | grep .
}

expect 'make install works' in_root install
expect 'it installs the files that are recorded, and no others' \
  same files sorted_expected_files
expect 'the shared library exports the symbols that are recorded' \
  same exported recorded_symbols
expect 'the header declares the same calls' same declared recorded_calls
expect 'the shared library has its soname' soname
expect 'a program is built by pkg-config, and runs with the shared library' \
  dynamic
expect 'the same program runs with the static library' static
expect 'C++ can declare every structure' cplusplus
expect 'the examples can be built with what is installed' examples
expect 'the Python module finds the shared library' python_module
expect 'so do the plugins of GStreamer and SoapySDR' plugins
expect 'no header is in the way of those of the kernel' no_stranger
for tool in fpgabuf-send fpgabuf-recv fpgabuf-info fpgabuf-share fpgabuf-plan \
  fpgabuf-record fpgabuf-scope fpgabuf-show fpgabuf-uio fpgabuf-doctor
do
  expect "$tool: --help and the manual have the same options" \
    same help_options manual_options "$tool"
  expect "$tool: --help and the completion have the same options" \
    same help_words completion_options "$tool"
done
expect 'fpgabuf-uio finds the descriptions that are installed' finds_masters
expect 'the completion knows engines, files and formats' completes_values
expect 'every call is in the manual page that its name leads to' call_pages
expect 'the service unit runs what is installed' unit_programs
if command -v systemd-analyze >/dev/null; then
  expect 'systemd finds nothing wrong with the units' units_verified
  if systemd-analyze --help | grep -q -e '--offline'; then
    expect 'and that they have few rights' units_hardened
  else
    echo 'skipped: rights of the units, systemd-analyze is older than 250'
  fi
else
  echo 'skipped: no check of the units, this machine has no systemd-analyze'
fi

expect 'without libdrm, fftw3, jansson and python3-dev all else is built and installed' \
  without_libdrm

expect 'the receiver can be built alone' receiver_alone
expect 'all can be built without shared libraries' statically static
if command -v musl-gcc >/dev/null; then
  expect 'and with musl' with_musl
else
  echo 'skipped: no build with musl, this machine has no musl-gcc (musl-tools)'
fi

expect 'make modules_install works' modules_installed
expect 'it installs the three modules of the driver, and no more' all_modules
expect 'which have no switches that are for tests' no_switches

touch "$ROOT/usr/local/bin/other" "$ROOT/usr/local/include/fpgabuf/other"
expect 'make uninstall works' in_root uninstall
expect 'it leaves what others have put there' \
  rm "$ROOT/usr/local/bin/other" "$ROOT/usr/local/include/fpgabuf/other"
expect 'and works again' in_root uninstall
expect 'nothing of ours is left' nothing_left

expect 'every directory can be chosen' in_root install PREFIX=/usr \
  bindir=/b libdir=/l includedir=/i mandir=/m docdir=/d \
  completionsdir=/c udevrulesdir=/u sysusersdir=/s systemdunitdir=/y \
  mastersdir=/k pythondir=/p schemadir=/j gstdir=/g soapydir=/o
expect 'and is taken' test "$(cd "$ROOT" && echo *)" = 'b c d g i j k l m o p s u usr y'
expect 'no file is elsewhere' test -z "$(find "$ROOT/usr" ! -type d)"

[ "$failed" -eq 0 ]
