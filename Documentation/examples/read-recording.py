#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""read-recording FILE

Prints the segments of a SigMF recording, and the level of each.
"""

import sys

import numpy

from fpgabuf import sigmf

recording = sigmf.open(sys.argv[1])
print(recording.path, recording.metadata["global"]["core:datatype"])
for segment in recording.segments:
    # It maps the file: only what the sum needs is read.
    samples = segment.samples()
    level = numpy.sqrt(numpy.mean(numpy.abs(samples.astype("c16")) ** 2))
    print(segment.start, segment.count, segment.datetime or "-", f"{level:.3f}")
    for annotation in segment.annotations:
        print("  ", annotation.get("core:comment") or annotation.get("core:label"))
