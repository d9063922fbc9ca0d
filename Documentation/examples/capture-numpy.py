#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""capture-numpy COUNT [DEVICE]

Captures 16-bit samples, and prints the mean and the peak of each capture.  numpy reads
the memory that the FPGA has written to; nothing is copied.
"""

import sys

import numpy

import fpgabuf

count = int(sys.argv[1])
device_path = sys.argv[2] if len(sys.argv) > 2 else "/dev/fpgabuf0"

with fpgabuf.Device(device_path) as device, fpgabuf.Ring(device, timeout=1) as ring:
    ring.limit(captures=count)
    for capture in ring:
        if capture.error:
            print(f"capture {capture.sequence}: {capture.error}", file=sys.stderr)
        # Whole samples; the array, and each slice of it, holds the capture.
        samples = numpy.frombuffer(capture, "<i2", capture.nbytes // 2)
        if not len(samples):
            continue
        print(
            capture.sequence,
            capture.nbytes,
            f"{samples.mean():.1f}",
            samples.max(),
            "gap" if capture.gap else "",
        )
        # Without this the ring has one region less until the next samples are there.
        del samples
