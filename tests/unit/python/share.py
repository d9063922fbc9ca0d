# SPDX-License-Identifier: GPL-2.0-only
"""Shared captures, from fpgabuf-share on the fake device."""

import asyncio
import tempfile
import threading

import numpy

import fpgabuf
from bed import SIZE, descriptors, main, pattern, raises, run_without_leak, server


def is_captured(data: bytes) -> bool:
    """Some capture of the pattern, whichever it was"""
    return data == pattern(int.from_bytes(data[:8], "little") * 8 // SIZE)


def shared():
    with server() as (_, path), fpgabuf.Client(path, credits=2) as client:
        geometry = client.geometry()
        assert geometry.regions == 8 and geometry.credits == 2
        assert geometry.region_size == SIZE and client.regions == 8
        for sequence in range(50):
            with client.take() as capture:
                assert capture.sequence == sequence
                array = numpy.frombuffer(capture, "<u8")
                assert not array.flags.writeable and not capture.writable
                assert is_captured(array.tobytes())
                del array
        counts = client.counts()
        assert counts.captures == 50 and counts.bytes == 50 * SIZE


def outlives():
    with server() as (_, path), fpgabuf.Client(path, credits=3) as client:
        capture = client.take()
        slot = capture.slot
        held = numpy.asarray(capture)
        was = held.tobytes()
        del capture
        for _ in range(100):
            other = client.take()
            assert other.slot != slot and is_captured(bytes(other))
            del other
        assert held.tobytes() == was


def all_held():
    with server() as (_, path), fpgabuf.Client(path, credits=2) as client:
        held = [client.take(), client.take()]
        with raises(TimeoutError, "all 2 captures are taken"):
            client.take(timeout=0.01)
        held.pop().release()
        assert client.take().sequence == 2


def threads():
    with server() as (_, path), fpgabuf.Client(path) as client:
        lock = threading.Lock()
        seen = []

        def work():
            for _ in range(250):
                capture = client.take()
                good = is_captured(bytes(capture))
                with lock:
                    seen.append((capture.sequence, good))
                del capture

        workers = [threading.Thread(target=work) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert sorted(seen) == [(sequence, True) for sequence in range(1000)]


def tasks():
    async def run(path):
        with fpgabuf.Client(path) as client:
            client.limit(captures=30)
            return [capture.sequence async for capture in client]

    with server() as (_, path):
        assert asyncio.run(run(path)) == list(range(30))


def ends():
    with server() as (process, path), fpgabuf.Client(path) as client:
        capture = client.take()
        view = memoryview(capture)
        was = view.tobytes()
        process.terminate()
        process.wait()
        with raises(fpgabuf.Error, "the server"):
            while True:
                client.take(20)
        assert client.reason == fpgabuf.Reason.SERVER
        assert view.tobytes() == was
        view.release()
        capture.release()


def no_server():
    with tempfile.TemporaryDirectory() as folder:
        before = descriptors()
        with raises(FileNotFoundError, "is fpgabuf-share running"):
            fpgabuf.Client(f"{folder}/none")
        with raises(fpgabuf.Error):
            fpgabuf.Client("x" * 300)
        with raises(TypeError):
            fpgabuf.Client(3)
        with raises(OverflowError):
            fpgabuf.Client(f"{folder}/none", credits=-1)
        assert descriptors() == before


def no_leak():
    with server() as (_, path), fpgabuf.Client(path) as client:

        def work():
            capture = client.take()
            numpy.frombuffer(capture, numpy.int16)

        run_without_leak(work)


def no_leak_in_clients():
    with server() as (_, path):

        def work():
            with fpgabuf.Client(path, credits=1) as client:
                memoryview(client.take())

        run_without_leak(work, 300)


if __name__ == "__main__":
    main(globals())
