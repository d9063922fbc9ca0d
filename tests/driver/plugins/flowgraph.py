# SPDX-License-Identifier: GPL-2.0-only
"""A flowgraph of GNU Radio that receives the pattern: flowgraph.py ARGUMENTS

ARGUMENTS are those of the SoapySDR device.  The FPGA loses nothing.
"""

import sys
import tempfile

import numpy
from gnuradio import blocks, gr, soapy

SAMPLES = 200000
FULL_SCALE = 32768


def received(arguments: str, kind: str, size: int) -> bytes:
    """Samples of this kind, from the source block into a file"""
    with tempfile.NamedTemporaryFile() as file:
        flowgraph = gr.top_block()
        source = soapy.source(arguments, kind, 1, "", "", [""], [""])
        flowgraph.connect(
            source, blocks.head(size, SAMPLES), blocks.file_sink(size, file.name)
        )
        flowgraph.run()
        return file.read()


def is_pattern(data: bytes) -> bool:
    words = numpy.frombuffer(data, "<u8")
    return bool((numpy.diff(words) == 1).all())


def main():
    data = received(sys.argv[1], "sc16", 4)
    assert len(data) == 4 * SAMPLES
    assert is_pattern(data)
    data = received(sys.argv[1], "fc32", 8)
    assert len(data) == 8 * SAMPLES
    numbers = numpy.rint(numpy.frombuffer(data, "<f4") * FULL_SCALE)
    assert is_pattern(numbers.astype("<i2").tobytes())


main()
