# SPDX-License-Identifier: GPL-2.0-only
"""The examples of the documentation, as programs."""

import os
import pathlib
import socket
import subprocess
import sys

from bed import BUILD, DEVICE, main, pattern, server
from recordings import Files

FOLDER = pathlib.Path(__file__).parents[3] / "Documentation" / "examples"


def run(name: str, *words: str) -> str:
    """What the example prints"""
    said = subprocess.run(
        [sys.executable, "-B", FOLDER / name, *words],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return said.stdout


def with_numpy():
    lines = run("capture-numpy.py", "3", DEVICE).splitlines()
    assert len(lines) == 3
    # Counters of 64 bit, seen as 16-bit samples: one of four counts, and wraps.
    assert lines[0].split() == ["0", "2097152", "0.2", "32767"], lines


def with_asyncio():
    assert run("capture-async.py", "4", DEVICE).startswith("4 captures, ")
    with server() as (_, path):
        assert run("capture-async.py", "30", path).startswith("30 captures, ")


def frames():
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        port = chosen.getsockname()[1]
    receiver = subprocess.Popen(
        [sys.executable, "-B", FOLDER / "receive-frames.py", str(port)],
        stdout=subprocess.PIPE,
    )
    sender = subprocess.Popen(
        [
            f"{BUILD}/fpgabuf-send-fake",
            *("--device", DEVICE, "--framed", "--quiet", "--count", "10"),
            *("--region-size", "4096", "--reconnect", "100000"),
            *("--engine", "copy", f"127.0.0.1:{port}"),
        ],
        env={**os.environ, "FAKE_DMABUFS": "1"},
    )
    samples, _ = receiver.communicate()
    assert receiver.returncode == 0 and sender.wait() == 0
    assert samples == b"".join(map(pattern, range(10)))


def recording():
    with Files() as files:
        lines = run("read-recording.py", str(files.meta)).splitlines()
    assert lines[0] == f"{files.meta} ri16_le"
    assert lines[1].split()[:3] == ["0", "4", "2026-12-01T00:00:00.5Z"]
    assert lines[2].split()[:3] == ["4", "6", "-"]
    assert lines[3].strip() == "gap: 6 samples"


if __name__ == "__main__":
    main(globals())
