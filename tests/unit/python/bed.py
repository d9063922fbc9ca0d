# SPDX-License-Identifier: GPL-2.0-only
"""What the tests share.  Each test is a process of its own: FILE FUNCTION."""

import contextlib
import gc
import os
import subprocess
import sys
import tempfile
import tracemalloc

import numpy

BUILD = os.environ["BUILD_DIR"]
DEVICE = "/dev/fpgabuf-fake"
SIZE = 4096

# The fake device has memory files where the real one has dma-bufs.
os.environ["FAKE_DMABUFS"] = "1"


def pattern(sequence: int, size: int = SIZE) -> bytes:
    """What the FPGA captures"""
    words = size // 8
    return numpy.arange(sequence * words, (sequence + 1) * words, dtype="<u8").tobytes()


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@contextlib.contextmanager
def raises(kind, text: str = ""):
    """It is this error, with this text."""
    try:
        yield
    except kind as error:
        assert text in str(error), str(error)
    else:
        raise AssertionError(f"no {kind.__name__}")


def run_without_leak(work, rounds: int = 10000) -> None:
    """Memory and descriptors are the same after many rounds as after some."""
    for _ in range(100):
        work()
    gc.collect()
    open_files = descriptors()
    tracemalloc.start()
    work()
    gc.collect()
    begin, _ = tracemalloc.get_traced_memory()
    pages = resident()
    for done in range(rounds):
        work()
        # Whoever waits for this test sees that it does not hang.
        if done % 500 == 0:
            print(done, flush=True)
    gc.collect()
    end, _ = tracemalloc.get_traced_memory()
    assert descriptors() == open_files
    assert end - begin < rounds, f"{end - begin} bytes of Python"
    # What C has allocated: less than a byte for each round, but for whole pages
    assert resident() - pages < 64, f"{resident() - pages} pages"


def resident() -> int:
    """Pages of anonymous memory"""
    with open("/proc/self/statm") as file:
        _, all_of_it, shared, *_ = map(int, file.read().split())
    return all_of_it - shared


@contextlib.contextmanager
def server(captures: int = 0):
    """fpgabuf-share with 8 regions of the fake device; yields process and socket."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/socket"
        process = subprocess.Popen(
            [
                f"{BUILD}/fpgabuf-share-fake",
                *("--device", DEVICE, "--region-size", str(SIZE)),
                *("--regions", "8", path),
            ],
            env={**os.environ, "FAKE_CAPTURES": str(captures)},
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        try:
            for line in process.stderr:
                if "sharing" in line:
                    break
            yield process, path
        finally:
            process.terminate()
            process.wait()
            process.stderr.close()


def main(tests: dict) -> None:
    """Run the test that is named."""
    tests[sys.argv[1]]()
