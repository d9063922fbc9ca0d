# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads framed streams, as fpgabuf-send --framed sends them.

    with socket.create_connection(address).makefile("rb") as file:
        for frame in fpgabuf.frames.Reader(file):
            samples = numpy.frombuffer(frame.data, numpy.int16)

It needs neither libfpgabuf nor a driver.  framing.rst has the format.
"""

import dataclasses
import enum
import errno
import struct
import typing
from collections.abc import Iterator

from .errors import BadStream

_HEADER = struct.Struct("<4sHHIIQQQQ")
_REQUESTS = struct.Struct("<Q")
_CLOCKS = struct.Struct("<qq")
_RECEIPT = struct.Struct("<4sHHIIQQ")

_VERSION = 1
_MAX_HEADER = 1024
_ASKS_RECEIPT = 1

# Where in the header the younger fields are
_REQUESTS_AT = 48
_CLOCKS_AT = 56


class Flags(enum.IntFlag):
    """What a header says of a capture."""

    PARTIAL = 0x001
    ERROR = 0x002
    TIMEOUT = 0x004
    GAP = 0x008
    END = 0x100


class Receipt(enum.IntEnum):
    """What a receiver answers."""

    STORED = 0
    PROMISED = 1
    FAILED = 2


class Input(typing.Protocol):
    """A binary file, or what socket.makefile("rb") returns"""

    def readinto(self, buffer: memoryview, /) -> int | None: ...


@dataclasses.dataclass(frozen=True, slots=True)
class Frame:
    """A capture of a stream.

    data            its bytes, for numpy.frombuffer()
    sequence        its number on the sending machine
    timestamp_ns    CLOCK_MONOTONIC of the sender when it was complete
    flags           Flags
    left_out        captures that the sender left out just before it
    skipped         bytes of these
    utc_ns, tai_ns  add them to timestamp_ns for CLOCK_REALTIME and CLOCK_TAI; None:
                    the header does not have them
    """

    data: bytearray
    sequence: int
    timestamp_ns: int
    flags: Flags
    left_out: int
    skipped: int
    utc_ns: int | None
    tai_ns: int | None

    @property
    def gap(self) -> bool:
        """Are samples missing before it, or may they be?"""
        return bool(self.flags & Flags.GAP or self.left_out)


@dataclasses.dataclass(frozen=True, slots=True)
class _Header:
    size: int
    flags: Flags
    sequence: int
    timestamp_ns: int
    length: int
    skipped: int


def _bad(text: str, number: int = errno.EBADMSG) -> BadStream:
    return BadStream(number, text)


def _decode(data: bytes | bytearray) -> _Header:
    magic, version, size, flags, reserved, *rest = _HEADER.unpack_from(data)
    if magic != b"FPGF" or reserved:
        raise _bad("this is no framed stream: send it with `fpgabuf-send --framed`")
    if version != _VERSION:
        raise _bad(
            f"the stream has version {version} of the format, and this program knows "
            f"{_VERSION}: use a newer fpgabuf",
            errno.EPROTONOSUPPORT,
        )
    header = _Header(size, Flags(flags), *rest)
    if not _HEADER.size <= size <= _MAX_HEADER:
        raise _bad(f"a header says that it has {size} bytes")
    if flags & ~sum(Flags):
        raise _bad(f"a header has unknown flags: {flags:#x}")
    if header.flags & Flags.END and header.length:
        raise _bad("the end of the stream has bytes")
    return header


class Reader:
    """Frames of a stream, one after the other.

    file        where it comes from
    max_length  a capture that claims to be longer is taken for an error

    It ends with the end of a complete stream.  A stream that is cut off is a
    BadStream, after the frames that are whole.

    captures      how many came
    nbytes        bytes in them
    left_out      captures that the sender left out, in all
    skipped       bytes of these
    complete      has the end come?
    asks_receipt  the sender wants the bytes of receipt() on the same connection
    """

    def __init__(self, file: Input, *, max_length: int = 1 << 30) -> None:
        self._file = file
        self._max_length = max_length
        self._next: int | None = None
        self.captures = 0
        self.nbytes = 0
        self.left_out = 0
        self.skipped = 0
        self.complete = False
        self.asks_receipt = False

    def __iter__(self) -> Iterator[Frame]:
        return self

    def __next__(self) -> Frame:
        if self.complete:
            raise StopIteration
        header, more = self._read_header()
        left_out = self._follow(header)
        if header.flags & Flags.END:
            self._end(more)
            raise StopIteration
        return self._read_frame(header, more, left_out)

    def receipt(self, status: Receipt = Receipt.STORED) -> bytes:
        """What to answer when you have stored all, or could not."""
        return _RECEIPT.pack(
            b"FPGR", _VERSION, _RECEIPT.size, status, 0, self.captures, self.nbytes
        )

    def _read(self, size: int) -> bytearray:
        data = bytearray(size)
        view = memoryview(data)
        while view:
            n = self._file.readinto(view)
            if not n:
                raise _bad("the stream was cut off: the sender failed, or was ended")
            view = view[n:]
        return data

    def _read_header(self) -> tuple[_Header, bytes]:
        start = self._read(_HEADER.size)
        header = _decode(start)
        return header, bytes(start + self._read(header.size - _HEADER.size))

    def _follow(self, header: _Header) -> int:
        """How many captures were left out before this one"""
        expected = header.sequence if self._next is None else self._next
        left_out = header.sequence - expected
        if left_out < 0:
            raise _bad(f"capture {header.sequence} comes where {expected} should")
        if bool(left_out) != bool(header.skipped):
            raise _bad(
                f"before capture {header.sequence} {left_out} captures and "
                f"{header.skipped} bytes are said to be left out"
            )
        self._next = header.sequence + 1
        self.left_out += left_out
        self.skipped += header.skipped
        return left_out

    def _end(self, whole: bytes) -> None:
        self.complete = True
        if len(whole) >= _REQUESTS_AT + _REQUESTS.size:
            (requests,) = _REQUESTS.unpack_from(whole, _REQUESTS_AT)
            self.asks_receipt = bool(requests & _ASKS_RECEIPT)

    def _read_frame(self, header: _Header, whole: bytes, left_out: int) -> Frame:
        if header.length > self._max_length:
            raise _bad(
                f"capture {header.sequence} claims to have {header.length} bytes, more "
                "than max_length"
            )
        utc_ns = tai_ns = None
        if len(whole) >= _CLOCKS_AT + _CLOCKS.size:
            utc_ns, tai_ns = _CLOCKS.unpack_from(whole, _CLOCKS_AT)
        data = self._read(header.length)
        self.captures += 1
        self.nbytes += len(data)
        return Frame(
            data,
            header.sequence,
            header.timestamp_ns,
            header.flags,
            left_out,
            header.skipped,
            utc_ns,
            tai_ns,
        )
