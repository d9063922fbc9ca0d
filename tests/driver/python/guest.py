# SPDX-License-Identifier: GPL-2.0-only
"""The Python module on the real driver; the suite "python" runs guest.py FUNCTION."""

import asyncio
import gc
import os
import sys
import tracemalloc

import numpy

import fpgabuf

SIZE = 16384


def make(regions: int = 4, **options) -> fpgabuf.Ring:
    with fpgabuf.Device() as device:
        return fpgabuf.Ring(device, regions, region_size=SIZE, **options)


def is_pattern(view) -> bool:
    """The simulated FPGA counts; captures may have gaps between them."""
    words = numpy.frombuffer(view, "<u8")
    return len(words) > 0 and bool((numpy.diff(words) == 1).all())


def bytes_captured():
    with make() as ring:
        before = None
        for _ in range(40):
            with ring.take(60) as capture:
                words = numpy.frombuffer(capture, "<u8")
                assert len(capture) == SIZE and is_pattern(capture)
                if before is not None and not capture.gap:
                    assert words[0] == before + 1
                before = int(words[-1])
                with open("/proc/self/maps") as maps:
                    line = next(
                        line for line in maps
                        if int(line.split("-")[0], 16) == words.ctypes.data
                    )
                assert "dmabuf" in line, line
                del words


def outlives():
    with make(3) as ring:
        capture = ring.take(60)
        slot = capture.slot
        held = numpy.frombuffer(capture, "<u8")
        was = held.tobytes()
        try:
            capture.release()
        except BufferError:
            pass
        else:
            raise AssertionError("it was given back")
        del capture
        for _ in range(300):
            other = ring.take(60)
            assert other.slot != slot and is_pattern(other)
            del other
        assert held.tobytes() == was
        del held
        assert slot in {ring.take(60).slot for _ in range(6)}


def is_taken() -> bool:
    """Does another open file have the device's queue?"""
    with make() as ring:
        try:
            ring.take(60)
        except fpgabuf.Busy as error:
            assert "another program is capturing" in str(error), error
            return True
    return False


def after_close():
    ring = make()
    view = memoryview(ring.take(60))
    ring.close()
    del ring
    assert is_pattern(view)
    assert is_taken()
    view.release()
    assert not is_taken()


def writable():
    with make(writable=True) as ring:
        for _ in range(10):
            with ring.take(60) as capture:
                assert is_pattern(capture)
                array = numpy.frombuffer(capture, "<u8")
                array[:] = 0
                del array


def limits_of_device():
    with fpgabuf.Device() as device:
        info = device.info()
        assert info.name == "fpgabuf0" and info.alignment >= 1
        try:
            fpgabuf.Ring(device, 2, region_size=info.max_region_size + 4096)
        except fpgabuf.Error as error:
            assert "max_region_size" in str(error), error
        else:
            raise AssertionError("too large, and not refused")


def owner():
    """Two open files: only one of them can capture."""
    with make() as ring:
        ring.take(60)
        assert is_taken()
    assert not is_taken()


def tasks():
    async def run():
        seen = []

        async def take(source):
            async for capture in source:
                assert is_pattern(capture)
                seen.append(capture.sequence)

        with make(8) as ring:
            ring.limit(captures=200)
            await asyncio.gather(take(ring), take(ring))
        assert sorted(seen) == list(range(200))

    asyncio.run(run())


def shared():
    with fpgabuf.Client("/tmp/share") as client:
        slot = None
        for sequence in range(200):
            capture = client.take(60)
            assert is_pattern(capture) and capture.slot != slot
            if sequence == 0:
                held, slot = numpy.asarray(capture), capture.slot
                was = held.tobytes()
            del capture
        assert held.tobytes() == was


def no_leak():
    captures = int(sys.argv[2])
    with make(8) as ring:

        def work(rounds):
            for _ in range(rounds):
                capture = ring.take(60)
                numpy.frombuffer(capture, "<u8")
            del capture
            gc.collect()
            return len(os.listdir("/proc/self/fd"))

        before = work(100)
        tracemalloc.start()
        work(1)
        begin, _ = tracemalloc.get_traced_memory()
        after = work(captures)
        end, _ = tracemalloc.get_traced_memory()
        assert after == before, (before, after)
        assert end - begin < 10000, end - begin
        assert ring.counts().captures == captures + 101


if __name__ == "__main__":
    globals()[sys.argv[1]]()
