#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Does run.sh carry out what happens in the guest?  And, with ARCH=arm64 or
# armhf, what an overlay puts into the guest's device tree?

set -eu
. "$(dirname "$0")/common.sh"
. "$TOP/tests/vm/arch.sh"

TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
failed=0

# expect CODE SENTENCE OPTION...: run a guest
expect() {
  local want=$1 sentence=$2 code=0

  shift 2
  "$TOP/tests/vm/run.sh" --log "$TMP/log" "$@" >"$TMP/out" \
    2>"$TMP/err" || code=$?
  if [ "$code" -eq "$want" ]; then
    echo "ok - $sentence"
  else
    echo "FAIL - $sentence (exit code $code)"
    cat "$TMP/out" "$TMP/err"
    failed=1
  fi
}

# said TEXT FILE
said() {
  if grep -qF -- "$1" "$2"; then
    echo "ok - ... saying: $1"
  else
    echo "FAIL - ... not saying: $1"
    cat "$2"
    failed=1
  fi
}

head -c 1001 /dev/urandom >"$TMP/odd, name"
sum=$(sha256sum <"$TMP/odd, name")

expect 7 'exit code 7 of a command comes out' \
  -- sh -c 'echo "  it'\''s \"quoted\""; exit 7'
said "  it's \"quoted\"" "$TMP/out"

expect 0 'files, disks, NICs and libraries are there' \
  --net pair --net user --disk "$TMP/odd, name:ro" --scratch-disk 1M \
  --file "$TMP/odd, name:/file" --file "$(program sha256sum):/bin/sum" -- \
  sh -e -c "[ \"\$(head -c 1001 /dev/vda | /bin/sum)\" = '$sum' ]
    [ \"\$(/bin/sum </file)\" = '$sum' ]
    [ \"\$(cat /sys/block/vda/ro /sys/block/vdb/ro)\" = '1
0' ]
    cat /sys/block/vda/serial | grep -qx disk0
    printf x | dd of=/dev/vdb 2>/dev/null
    ip netns exec peer ip address show eth1 | grep -q 10.77.0.2/24
    ping -c 1 -W 5 10.77.0.2
    ping -c 1 -W 5 10.0.2.2"

# with_library RPATH FILE: a program whose library is in a folder of its own
with_library() {
  mkdir -p "$TMP/private"
  echo 'int seven(void) { return 7; }' |
    gcc -shared -fPIC -Wl,-soname,libseven.so -o "$TMP/private/libseven.so" \
      -x c -
  echo 'int seven(void); int main(void) { return seven(); }' |
    gcc -o "$2" -x c - -x none "$TMP/private/libseven.so" "-Wl,-rpath,$1"
}

# Those of the folders of all systems are part of the test above.
if [ "$ARCH" = amd64 ]; then
  # shellcheck disable=SC2016 # the loader replaces it
  with_library '/nowhere:$ORIGIN/private' "$TMP/beside"
  with_library "$TMP/private" "$TMP/elsewhere"
  expect 7 'a library is found in the folder that a program names' \
    --file "$TMP/beside" --file "$TMP/elsewhere" -- \
    sh -c 'beside; [ $? -eq 7 ] && elsewhere'
fi

expect 124 'a warning in the kernel log fails a happy command' \
  -- sh -c 'echo "WARNING: only a test" >/dev/kmsg'
said 'WARNING: only a test' "$TMP/err"

expect 125 'a crash ends the guest at once' \
  -- sh -c 'echo c >/proc/sysrq-trigger; sleep 1000'
said 'Kernel panic' "$TMP/err"

# breaks_by COMMAND: QEMU is a script, and the first time it breaks a kernel as the
# real one does now and then; into_log writes into the log.  The second time, its
# guest does what it should.
breaks_by() {
  cat >"$TMP/qemu" <<EOF
#!/bin/sh
into_log() { cat >"$TMP/log"; }
if [ ! -e "$TMP/broken" ]; then
  : >"$TMP/broken"
  $1
  exit
fi
echo "Run /init as init process" | into_log
for argument; do
  case \$argument in
  file,id=code,path=*) echo "exit 0" >"\${argument#*path=}" ;;
  esac
done
EOF
  chmod +x "$TMP/qemu"
  rm -f "$TMP/broken"
}

breaks_by 'echo "Oops: int3: 0000 [#1] SMP NOPTI" | into_log'
expect 0 'a kernel that QEMU broke before our programs ran is booted again' \
  --accel tcg --qemu "$TMP/qemu" -- true
said 'once more' "$TMP/err"

mkfifo "$TMP/qmp.in" "$TMP/qmp.out"
breaks_by 'echo "Oops: int3: 0000 [#1] SMP NOPTI" | into_log'
expect 126 'not if somebody talks to it' --qmp "$TMP/qmp" \
  --accel tcg --qemu "$TMP/qemu" -- true

breaks_by 'echo "Linux version" | into_log; exec sleep 1000'
SILENCE=10 expect 0 'so is one that hangs before our programs run' \
  --accel tcg --qemu "$TMP/qemu" -- true
said 'once more' "$TMP/err"

# That is what timeout(1) says then.
breaks_by 'echo "Linux version" | into_log; exit 124'
expect 0 'also if its time is over first' \
  --accel tcg --qemu "$TMP/qemu" -- true
said 'once more' "$TMP/err"

breaks_by 'echo "Run /init as init process" | into_log; exec sleep 1000'
SILENCE=2 expect 125 'one that hangs while they run is ended' \
  --accel tcg --qemu "$TMP/qemu" --timeout 5 -- true
said 'did not end within 5 s' "$TMP/err"

breaks_by 'echo "Oops: 0002 [#1] SMP NOPTI" | into_log'
expect 125 'nor one that dies otherwise' --accel tcg --qemu "$TMP/qemu" -- true

breaks_by '{ echo "Run /init as init process"; echo "int3: 0000 [#1]"; } | into_log'
expect 125 'nor one that dies when our programs run' \
  --accel tcg --qemu "$TMP/qemu" -- true

device_tree() {
  local overlay=$TOP/tests/vm/selftest.dtso

  expect 0 'an overlay reserves memory and adds a device' --dt "$overlay" -- \
    sh -e -c 'cd /proc/device-tree
      grep -q "^ *70000000-70ffffff : reserved" /proc/iomem
      cmp reserved-memory/selftest@70000000/phandle selftest/memory-region
      grep -q "^OF_COMPATIBLE_0=selftest,device" \
        /sys/devices/platform/selftest/uevent'

  grep -v reg "$overlay" >"$TMP/warns.dtso"
  expect 1 'an overlay that dtc warns of is refused' --dt "$TMP/warns.dtso" -- \
    true
  said 'unit_address_vs_reg' "$TMP/err"

  sed 's#target-path = "/"#target-path = "/nowhere"#' "$overlay" \
    >"$TMP/nowhere.dtso"
  expect 1 'an overlay without its target is refused' \
    --dt "$TMP/nowhere.dtso" -- true
  said 'fdtoverlay cannot apply' "$TMP/err"
}

if [ "$ARCH" != amd64 ]; then
  device_tree
fi

exit "$failed"
