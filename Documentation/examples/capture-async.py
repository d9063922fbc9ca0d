#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""capture-async COUNT [DEVICE | SOCKET]

Captures in one task while another one reports once a second.  With the socket of
fpgabuf-share the captures come from there.
"""

import asyncio
import pathlib
import sys

import numpy

import fpgabuf


def open_source(path: str) -> fpgabuf.Ring | fpgabuf.Client:
    if pathlib.Path(path).is_socket():
        return fpgabuf.Client(path)
    with fpgabuf.Device(path) as device:
        return fpgabuf.Ring(device, timeout=1)


async def report(source: fpgabuf.Source) -> None:
    while True:
        await asyncio.sleep(1)
        print(source.counts(), source.why, file=sys.stderr)


async def main(count: int, path: str) -> None:
    total = 0
    with open_source(path) as source:
        source.limit(captures=count)
        reporter = asyncio.create_task(report(source))
        async for capture in source:
            total += int(numpy.count_nonzero(numpy.asarray(capture)))
        reporter.cancel()
        print(f"{source.counts().captures} captures, {total} bytes are not 0")


asyncio.run(main(int(sys.argv[1]), *sys.argv[2:] or ["/dev/fpgabuf0"]))
