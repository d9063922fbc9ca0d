# SPDX-License-Identifier: GPL-2.0-only
"""Framed streams in pure Python."""

import io
import os
import random
import socket
import struct
import subprocess
import sys

from bed import BUILD, DEVICE, main, pattern, raises
from fpgabuf import errors, frames

BAD = errors.BadStream
END = 0x100


def header(flags=0, sequence=0, timestamp=7, length=0, skipped=0, size=48, **other):
    return struct.pack(
        "<4sHHIIQQQQ",
        other.get("magic", b"FPGF"),
        other.get("version", 1),
        size,
        flags,
        other.get("reserved", 0),
        sequence,
        timestamp,
        length,
        skipped,
    )


def read(*parts: bytes, **options) -> list:
    return list(frames.Reader(io.BytesIO(b"".join(parts)), **options))


def stream():
    clocks = struct.pack("<Qqq", 0, -5, 32)
    reader = frames.Reader(
        io.BytesIO(
            header(sequence=4, length=3)
            + b"abc"
            + header(1 | 8, sequence=5, length=2, size=72)
            + clocks
            + b"de"
            + header(2 | 4, sequence=9, length=1, skipped=100, size=100)
            + bytes(52)
            + b"f"
            + header(END, sequence=12, skipped=7, size=56)
            + struct.pack("<Q", 1)
        )
    )
    one, two, three = reader
    assert (bytes(one.data), one.sequence, one.timestamp_ns) == (b"abc", 4, 7)
    assert not one.gap and one.left_out == 0 and one.utc_ns is None
    assert two.gap and two.flags == frames.Flags.PARTIAL | frames.Flags.GAP
    assert (two.utc_ns, two.tai_ns) == (-5, 32)
    assert three.gap and (three.left_out, three.skipped) == (3, 100)
    assert three.flags == frames.Flags.ERROR | frames.Flags.TIMEOUT
    assert reader.complete and reader.asks_receipt
    assert (reader.captures, reader.nbytes) == (3, 6)
    assert (reader.left_out, reader.skipped) == (5, 107)
    assert next(reader, None) is None
    assert reader.receipt() == struct.pack("<4sHHIIQQ", b"FPGR", 1, 32, 0, 0, 3, 6)
    failed = reader.receipt(frames.Receipt.FAILED)
    assert failed[8:12] == struct.pack("<I", 2)


def bad():
    end = header(END, sequence=1)
    one = header(length=2) + b"ab"
    for stream, text in (
        (b"x" * 48, "no framed stream"),
        (header(reserved=1), "no framed stream"),
        (header(version=2), "version 2"),
        (header(size=47), "has 47 bytes"),
        (header(size=1025), "has 1025 bytes"),
        (header(flags=0x10), "unknown flags: 0x10"),
        (header(flags=END, length=1), "the end of the stream has bytes"),
        (one + one, "capture 0 comes where 1 should"),
        (one + header(sequence=3, length=0), "2 captures and 0 bytes"),
        (one + header(sequence=1, skipped=5), "0 captures and 5 bytes"),
        (header(length=1 << 63), "more than max_length"),
    ):
        with raises(BAD, text):
            read(stream, end)
    with raises(BAD, "more than max_length"):
        read(one, end, max_length=1)


def cut_off():
    whole = (
        header(length=2, size=72) + bytes(24) + b"ab" + header(END, sequence=1, size=56)
        + bytes(8)
    )
    assert len(read(whole)) == 1
    for size in range(len(whole)):
        with raises(BAD, "was cut off"):
            read(whole[:size])


def anything():
    """Random bytes in a good stream: it is read, or it is a BadStream."""
    draw = random.Random(1)
    good = header(length=8) + bytes(8) + header(END, sequence=1)
    refused = 0
    for _ in range(5000):
        data = bytearray(good)
        for _ in range(draw.randint(1, 4)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        try:
            read(bytes(data), max_length=1000)
        except BAD:
            refused += 1
    assert refused > 500


class Dribble(io.RawIOBase):
    """Never more than three bytes at a time"""

    def __init__(self, data):
        self.data = data

    def readinto(self, buffer):
        n = min(3, len(buffer), len(self.data))
        buffer[:n] = self.data[:n]
        self.data = self.data[n:]
        return n


def short_reads():
    data = header(length=10) + b"0123456789" + header(END, sequence=1)
    assert [bytes(frame.data) for frame in frames.Reader(Dribble(data))] == [
        b"0123456789"
    ]


def from_send():
    """What fpgabuf-send sends, over a socket."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        sender = subprocess.Popen(
            [
                f"{BUILD}/fpgabuf-send-fake",
                *("--device", DEVICE, "--framed", "--quiet", "--count", "20"),
                *("--region-size", "4096", "--regions", "4", "--engine", "copy"),
                f"127.0.0.1:{port}",
            ],
            env={**os.environ, "FAKE_DMABUFS": "1"},
        )
        peer, _ = listener.accept()
        with peer, peer.makefile("rb") as file:
            reader = frames.Reader(file)
            for sequence, frame in enumerate(reader):
                assert frame.sequence == sequence
                assert bytes(frame.data) == pattern(sequence)
                assert frame.utc_ns > 0
            assert sequence == 19 and reader.complete
            if reader.asks_receipt:
                peer.sendall(reader.receipt())
        assert sender.wait() == 0


def alone():
    """Without the part that needs the library."""
    code = (
        "import sys; sys.modules['fpgabuf._core'] = None\n"
        "from fpgabuf import frames, sigmf, Error\n"
        "import fpgabuf\n"
        "try: fpgabuf.Ring\n"
        "except ImportError: print('alone')\n"
    )
    said = subprocess.run(
        [sys.executable, "-B", "-c", code], capture_output=True, text=True, check=True
    )
    assert said.stdout == "alone\n"


if __name__ == "__main__":
    main(globals())
