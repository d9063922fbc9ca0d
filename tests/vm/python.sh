#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# python.sh FOLDER [MODULE...] - print what a guest needs to run this machine's Python,
# the modules that our tests import, and the package in FOLDER: lines HOST:GUEST, for
# run.sh --file
#
# All of Python and numpy is 100 MB.  This is what is loaded: 40 MB.

set -eu
. "$(dirname "$0")/common.sh"

[ $# -ge 1 ] || die "usage: python.sh FOLDER [MODULE...]"

# loaded FOLDER [MODULE...]: a process says what it has loaded: modules by HOST:GUEST, libraries
# by their path
loaded() {
  PYTHONPATH=$1 LD_LIBRARY_PATH=$1/.. /usr/bin/python3 -B - "$@" <<'END'
import asyncio
import ctypes
import encodings.ascii
import importlib
import os
import sys
import tracemalloc

import numpy

import fpgabuf.frames
import fpgabuf.native
import fpgabuf.sigmf

folder = os.path.realpath(sys.argv[1])
for name in sys.argv[2:]:
    importlib.import_module(name)

# What numpy imports when it is first asked
array = numpy.frombuffer(b"12345678", "<u8")
repr((array.ctypes.data, numpy.diff(array), array.mean(), array.all()))


def guest_path(path: str) -> str:
    """Where the guest has it"""
    path = os.path.realpath(path)
    if path.startswith(folder):
        return "/python" + path[len(folder):]
    return path


# A .pyc where the source would be needs no source, and no times that agree.
for module in list(sys.modules.values()):
    path = getattr(module, "__file__", None)
    if not path or not os.path.exists(path):
        continue
    compiled = getattr(module, "__cached__", None)
    if compiled and os.path.exists(compiled) and not path.startswith(folder):
        print(f"{compiled}:{guest_path(path)}c")
    else:
        print(f"{path}:{guest_path(path)}")

with open("/proc/self/maps") as maps:
    loaded = {line.split()[-1] for line in maps if ".so" in line}
known = {getattr(module, "__file__", None) for module in sys.modules.values()}
print(*sorted(loaded - known), sep="\n")
END
}

# soname LIBRARY: the name that programs look for
soname() {
  readelf -d "$1" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p'
}

echo "$(readlink -f /usr/bin/python3):/usr/bin/python3"
loaded "$@" | sort -u | while read -r line; do
  case $line in
  *:*) echo "$line" ;;
  *) echo "$line:/lib/$(soname "$line")" ;;
  esac
done
