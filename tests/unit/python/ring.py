# SPDX-License-Identifier: GPL-2.0-only
"""Devices, rings and captures, on the fake device."""

import asyncio
import ctypes
import errno
import gc
import os
import select
import signal
import threading
import weakref

import numpy

import fpgabuf
from bed import DEVICE, SIZE, descriptors, main, pattern, raises, run_without_leak


def make(regions: int = 4, **options) -> fpgabuf.Ring:
    with fpgabuf.Device(DEVICE) as device:
        return fpgabuf.Ring(device, regions, region_size=SIZE, **options)


def address(view: memoryview) -> int:
    return numpy.frombuffer(view, numpy.uint8).ctypes.data


def info():
    with fpgabuf.Device(DEVICE) as device:
        about = device.info()
        assert about.alignment == 8 and about.queue_depth == 16
        assert about.name == "fpgabuf-fake"
        assert device.fileno() >= 0 and not device.closed
    assert device.closed
    with raises(ValueError, "closed"):
        device.info()
    with raises(ValueError, "closed"):
        device.fileno()
    with raises(ValueError, "closed"):
        fpgabuf.Ring(device)


def no_device():
    with raises(FileNotFoundError, "is the fpgabuf module loaded") as _:
        fpgabuf.Device("/dev/no-such-device")
    with raises(fpgabuf.Error, "it is not an fpgabuf device"):
        fpgabuf.Device("/dev/null")
    try:
        fpgabuf.Device("/dev/no-such-device")
    except fpgabuf.NotFound as error:
        assert error.errno == errno.ENOENT and isinstance(error, OSError)


def order():
    with make() as ring:
        for sequence in range(12):
            with ring.take() as capture:
                assert capture.sequence == sequence
                assert len(capture) == capture.nbytes == SIZE
                assert capture.error is None and capture.failures == 0
                assert not capture.partial and not capture.gap
                assert capture.timestamp_ns > 0 and capture.slot < 4
                with memoryview(capture) as view:
                    assert view.readonly and view.tobytes() == pattern(sequence)
        counts = ring.counts()
    assert counts.captures == 12 and counts.bytes == 12 * SIZE and counts.taken == 0


def no_copy():
    with make() as ring:
        capture = ring.take()
        one = numpy.frombuffer(capture, "<u8")
        other = numpy.asarray(capture)
        assert one.ctypes.data == other.ctypes.data == address(memoryview(capture))
        assert one.tobytes() == pattern(0) and one[5] == 5
        assert not one.flags.owndata and not one.flags.writeable
        with raises(ValueError):
            one[0] = 1
        # It is the region: the pages of its memory file
        with open("/proc/self/maps") as file:
            line = next(
                line for line in file
                if int(line.split("-")[0], 16) == one.ctypes.data
            )
        assert "fake region" in line, line


def goes_back():
    with make(2) as ring:
        slots = [capture.slot for capture, _ in zip(ring, range(20))]
    assert len(slots) == 20 and set(slots) == {0, 1}


def outlives():
    with make(3) as ring:
        capture = ring.take()
        slot = capture.slot
        held = numpy.frombuffer(capture, numpy.uint8)
        gone = weakref.ref(held)
        del capture
        for sequence in range(1, 100):
            other = ring.take()
            assert other.sequence == sequence and other.slot != slot
            assert bytes(other) == pattern(sequence)
            del other
        assert ring.look(slot).state == fpgabuf.SlotState.TAKEN
        assert held.tobytes() == pattern(0)
        del held
        assert gone() is None
        slots = {ring.take().slot for _ in range(3)}
        assert slot in slots


def all_held():
    with make(2) as ring:
        views = [numpy.asarray(ring.take()) for _ in range(2)]
        assert ring.poll() is None
        assert ring.reason == fpgabuf.Reason.TAKEN
        with raises(TimeoutError, "all 2 regions are taken"):
            ring.take(timeout=0)
        del views
        assert ring.take().sequence == 2


def refuses():
    with make() as ring:
        capture = ring.take()
        views = [memoryview(capture), memoryview(capture)]
        assert capture.views == 2
        with raises(BufferError, "views of capture 0: 2; delete them"):
            capture.release()
        with raises(BufferError):
            with capture:
                pass
        assert not capture.released and views[0][8] == 1
        for view in views:
            view.release()
        capture.release()
        assert capture.released
        capture.release()


def released():
    with make() as ring:
        capture = ring.take()
        capture.release()
        for use in (memoryview, bytes, capture.__class__.__dlpack__):
            with raises(ValueError, "was released"):
                use(capture)
        with raises(ValueError, "was released"):
            with capture:
                pass
        assert capture.sequence == 0 and "released" in repr(capture)


def expect_closed(ring: fpgabuf.Ring) -> None:
    for use in (
        ring.take,
        ring.poll,
        ring.fill,
        ring.counts,
        ring.fileno,
        ring.limit,
        ring.stop,
        ring.start,
        ring.__enter__,
        lambda: ring.grow(5),
        lambda: ring.look(0),
    ):
        with raises(ValueError, "closed"):
            use()
    for name in ("why", "reason", "regions", "length"):
        with raises(ValueError, "closed"):
            getattr(ring, name)


def after_close():
    before = descriptors()
    ring = make()
    capture = ring.take()
    view = memoryview(capture)
    ring.close()
    ring.close()
    assert ring.closed and descriptors() > before
    expect_closed(ring)
    del ring, capture
    gc.collect()
    assert view.tobytes() == pattern(0)
    view.release()
    assert descriptors() == before


class Tensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]


class Versioned(ctypes.Structure):
    _fields_ = [
        ("major", ctypes.c_uint32),
        ("minor", ctypes.c_uint32),
        ("context", ctypes.c_void_p),
        ("deleter", ctypes.CFUNCTYPE(None, ctypes.c_void_p)),
        ("flags", ctypes.c_uint64),
        ("tensor", Tensor),
    ]


def pointer_of(capsule, name: bytes) -> int:
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype = ctypes.c_void_p
    get.argtypes = [ctypes.py_object, ctypes.c_char_p]
    return get(capsule, name)


def dlpack_new():
    with make() as ring:
        capture = ring.take()
        assert capture.__dlpack_device__() == (1, 0)
        capsule = capture.__dlpack__(
            stream=None, max_version=(1, 2), dl_device=(1, 0), copy=None
        )
        form = Versioned.from_address(pointer_of(capsule, b"dltensor_versioned"))
        assert (form.major, form.flags) == (1, 1), "it says read-only"
        tensor = form.tensor
        assert tensor.data == address(memoryview(capture))
        assert (tensor.device_type, tensor.ndim) == (1, 1)
        assert (tensor.code, tensor.bits, tensor.lanes) == (1, 8, 1)
        assert (tensor.shape[0], tensor.strides[0]) == (SIZE, 1)
        assert capture.views == 1
        # As a reader does: it has another name, and the deleter ends it.
        rename = ctypes.pythonapi.PyCapsule_SetName
        rename.argtypes = [ctypes.py_object, ctypes.c_char_p]
        rename(capsule, b"used_dltensor_versioned")
        address_of_form = ctypes.addressof(form)
        del capsule
        assert capture.views == 1
        form.deleter(address_of_form)
        assert capture.views == 0
        capture.release()


def dlpack_old():
    with make() as ring:
        capture = ring.take()
        with raises(BufferError, "writable=True"):
            capture.__dlpack__()
        assert capture.views == 0
        capture.release()
    with make(writable=True) as ring:
        capture = ring.take()
        assert capture.writable
        array = numpy.from_dlpack(capture)
        assert array.dtype == numpy.uint8 and array.tobytes() == bytes(capture)
        assert array.ctypes.data == address(memoryview(capture))
        assert capture.views == 1
        with raises(BufferError, "views of capture 0: 1;"):
            capture.release()
        del array
        # One that nobody has read
        capsule = capture.__dlpack__()
        assert capture.views == 1
        del capsule
        capture.release()


def dlpack_bad():
    with make() as ring, ring.take() as capture:
        for error, options in (
            (BufferError, {"stream": 1}),
            (BufferError, {"copy": True}),
            (BufferError, {"dl_device": (2, 0)}),
            (TypeError, {"dl_device": 1}),
            (TypeError, {"max_version": "1.0"}),
            (TypeError, {"max_version": ("a", 0)}),
            (TypeError, {"other": 1}),
        ):
            with raises(error):
                capture.__dlpack__(**{"max_version": (1, 0), **options})
        assert capture.views == 0


def writable():
    with make(writable=True) as ring:
        with ring.take() as capture:
            array = numpy.frombuffer(capture, "<u8")
            assert array.flags.writeable
            array[0] = 12345
            assert bytes(capture)[:8] == (12345).to_bytes(8, "little")
            del array
        assert ring.take().sequence == 1


def timeouts():
    os.environ["FAKE_NEVER"] = "1"
    with make() as ring:
        assert ring.poll() is None
        for seconds in (0, 0.01):
            with raises(fpgabuf.Timeout, "no capture has come in time: "):
                ring.take(seconds)
        assert ring.reason == fpgabuf.Reason.CAPTURE and ring.why
        for bad in (-1, float("nan")):
            with raises(ValueError, "0 or more seconds"):
                ring.take(timeout=bad)
        with raises(TypeError):
            ring.take("1")


def limits():
    with make() as ring:
        ring.limit(captures=5)
        assert [capture.sequence for capture in ring] == list(range(5))
        with raises(EOFError, "everything that was asked for has been captured"):
            ring.take()
        ring.limit(nbytes=5 * SIZE + 100)
        assert [capture.nbytes for capture in ring] == [100]
        for bad in (-1, 1 << 64):
            with raises(OverflowError):
                ring.limit(bad)
        with raises(TypeError):
            ring.limit("1")


def stopped_when_all_held():
    """Then no capture comes that would wake the thread."""
    with make(2) as ring:
        held = [ring.take(), ring.take()]
        taken = []
        waits = threading.Event()

        def wait():
            waits.set()
            taken.extend(ring)

        thread = threading.Thread(target=wait)
        thread.start()
        waits.wait()
        assert ring.counts().taken == len(held)
        ring.stop()
        thread.join(20)
        assert not thread.is_alive() and not taken


def stopped():
    os.environ["FAKE_NEVER"] = "1"
    with make() as ring:
        ring.fill()
        taken = []
        thread = threading.Thread(target=lambda: taken.extend(ring))
        thread.start()
        ring.stop()
        thread.join(20)
        assert not thread.is_alive() and not taken
        with raises(fpgabuf.Ended):
            ring.take()
        ring.start()
        with raises(fpgabuf.Timeout):
            ring.take(0.01)


def closed_meanwhile():
    os.environ["FAKE_NEVER"] = "1"
    before = descriptors()
    ring = make()
    said = []
    waits = threading.Event()

    def wait():
        waits.set()
        try:
            ring.take()
        except ValueError as error:
            said.append(str(error))

    thread = threading.Thread(target=wait)
    thread.start()
    waits.wait()
    ring.close()
    thread.join(20)
    assert not thread.is_alive() and len(said) == 1 and "closed" in said[0], said
    assert descriptors() == before


def interrupted():
    os.environ["FAKE_NEVER"] = "1"
    calls = []

    def on_alarm(*_):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, on_alarm)
    with make() as ring:
        signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
        with raises(KeyboardInterrupt):
            ring.take()
        signal.setitimer(signal.ITIMER_REAL, 0)
        assert len(calls) == 3 and ring.counts().taken == 0


def threads():
    """One takes, others release, all at the same time."""
    with make(8) as ring:
        lock = threading.Lock()
        seen = []

        def work():
            for _ in range(250):
                capture = ring.take()
                good = bytes(capture) == pattern(capture.sequence)
                with lock:
                    seen.append((capture.sequence, good))
                del capture

        workers = [threading.Thread(target=work) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert sorted(seen) == [(sequence, True) for sequence in range(1000)]


def readable():
    with make() as ring:
        ring.fill()
        readable, _, _ = select.select([ring], [], [], 20)
        assert readable == [ring] and ring.poll().sequence == 0
    os.environ["FAKE_NEVER"] = "1"
    with make() as ring:
        ring.fill()
        assert ring.poll() is None
        assert select.select([ring], [], [], 0)[0] == []
        ring.stop()
        assert select.select([ring], [], [], 20)[0] == [ring]


def tasks():
    async def take(ring, seen):
        async for capture in ring:
            assert bytes(capture) == pattern(capture.sequence)
            seen.append(capture.sequence)
            await asyncio.sleep(0)

    async def run():
        seen = []
        with make() as ring:
            ring.limit(captures=60)
            await asyncio.gather(*(take(ring, seen) for _ in range(3)))
        assert sorted(seen) == list(range(60))

    asyncio.run(run())


def task_waits():
    """What the ring waits for is a capture that another task gives back."""

    async def run():
        with make(2) as ring:
            held = [await ring.next(), await ring.next()]
            waiting = asyncio.ensure_future(ring.next())
            await asyncio.sleep(0)
            assert not waiting.done()
            held.pop().release()
            capture = await asyncio.wait_for(waiting, 20)
            assert capture.sequence == 2
            waiting = asyncio.ensure_future(ring.next())
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            assert waiting.cancelled()
            waiting = [asyncio.ensure_future(ring.next()) for _ in range(2)]
            await asyncio.sleep(0)
            ring.close()
            results = await asyncio.gather(*waiting, return_exceptions=True)
            assert [type(result) for result in results] == [ValueError] * 2

    before = descriptors()
    asyncio.run(run())
    gc.collect()
    assert descriptors() == before


def task_ends():
    """A task that waits is told that another one has taken the last capture."""

    async def run():
        with make(2) as ring:
            ring.limit(captures=3)
            held = [await ring.next(), await ring.next()]
            waiting = asyncio.ensure_future(ring.next())
            await asyncio.sleep(0)
            assert not waiting.done()
            held.pop().release()
            assert ring.take(20).sequence == 2
            results = await asyncio.gather(
                asyncio.wait_for(waiting, 20), return_exceptions=True
            )
            assert [type(result) for result in results] == [fpgabuf.Ended]

    asyncio.run(run())


def failures():
    os.environ["FAKE_FAIL_AT"] = "3"
    with make(max_failures=4) as ring:
        for sequence in range(6):
            capture = ring.take()
            if sequence < 2:
                assert capture.error is None
                continue
            assert isinstance(capture.error, fpgabuf.Error)
            assert capture.error.errno == errno.EIO
            assert capture.failures == sequence - 1
            if capture.failures == 3:
                break
        with raises(fpgabuf.Error, "failed in a row") as _:
            ring.take()
        assert ring.reason == fpgabuf.Reason.FAILURES


def empty():
    """Captures without bytes are not handed out; the next one has their gap."""
    os.environ["FAKE_EMPTY_GAPS"] = "1"
    with make() as ring:
        assert [ring.take().gap for _ in range(3)] == [False, True, True]
        assert ring.counts().gaps == 2


def no_memory():
    for number, kind, text in (
        (errno.ENOMEM, fpgabuf.Error, "memory is fragmented or short"),
        (errno.EDQUOT, fpgabuf.Error, "limit_bytes"),
        (errno.EMFILE, fpgabuf.Error, "ulimit -n"),
    ):
        os.environ["FAKE_ALLOC_ERRNO"] = str(number)
        with raises(kind, text):
            make()


def arguments():
    with fpgabuf.Device(DEVICE) as device:
        for error, positional, options in (
            (TypeError, (), {}),
            (TypeError, ("/dev/fpgabuf0",), {}),
            (TypeError, (device, "4"), {}),
            (TypeError, (device,), {"other": 1}),
            (OverflowError, (device, -1), {}),
            (OverflowError, (device, 1 << 32), {}),
            (OverflowError, (device,), {"region_size": -1}),
            (OverflowError, (device,), {"length": 1 << 64}),
            (OverflowError, (device,), {"max_failures": -1}),
            (fpgabuf.Error, (device, 0), {}),
            (fpgabuf.Error, (device, 65537), {}),
            (fpgabuf.Error, (device,), {"length": 3}),
            (ValueError, (device,), {"timeout": 0}),
            (ValueError, (device,), {"timeout": 3601}),
            (ValueError, (device,), {"timeout": float("nan")}),
            (TypeError, (device,), {"timeout": "1"}),
        ):
            before = descriptors()
            with raises(error):
                fpgabuf.Ring(*positional, **options)
            assert descriptors() == before, (positional, options)
    for kind in (fpgabuf.Source, fpgabuf.Capture):
        with raises(TypeError):
            kind()
    with raises(TypeError):
        fpgabuf.Device(3.5)


def grows():
    with make(2, scatter=True, timeout=1.5) as ring:
        assert ring.regions == 2 and ring.length == SIZE
        ring.grow(5)
        assert ring.regions == 5
        held = [ring.take() for _ in range(5)]
        states = [ring.look(number).state for number in range(5)]
        assert states == [fpgabuf.SlotState.TAKEN] * len(held)
        with raises(IndexError):
            ring.look(5)
        for call in (ring.look, ring.grow):
            with raises(OverflowError):
                call(-1)
        with raises(fpgabuf.Error, "cannot make 70000 regions"):
            ring.grow(70000)


def no_leak():
    with make() as ring:

        def work():
            capture = ring.take()
            array = numpy.frombuffer(capture, numpy.int16)
            capture.__dlpack__(max_version=(1, 0))
            try:
                capture.release()
            except BufferError:
                pass
            del array

        run_without_leak(work)
        assert ring.counts().captures > 10000


def no_leak_in_rings():
    def work():
        with make(2) as ring:
            view = memoryview(ring.take())
            try:
                fpgabuf.Device("/dev/no-such-device")
            except OSError:
                pass
            try:
                ring.limit(captures=1)
                ring.take()
            except EOFError:
                pass
        return view

    run_without_leak(work, 1000)


if __name__ == "__main__":
    main(globals())
