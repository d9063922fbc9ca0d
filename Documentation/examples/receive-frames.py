#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""receive-frames PORT >SAMPLES

Receives what fpgabuf-send --framed sends to this port, writes the samples of all
captures, and reports where some are missing.  It needs neither device nor driver.
"""

import socket
import sys

from fpgabuf import frames

with socket.create_server(("", int(sys.argv[1]))) as server:
    peer, _ = server.accept()
with peer, peer.makefile("rb") as file:
    reader = frames.Reader(file)
    for frame in reader:
        if frame.left_out:
            print(
                f"{frame.left_out} captures, {frame.skipped} bytes, were left out "
                f"before capture {frame.sequence}",
                file=sys.stderr,
            )
        elif frame.gap:
            print(
                f"capture {frame.sequence}: samples may be missing before it",
                file=sys.stderr,
            )
        sys.stdout.buffer.write(frame.data)
    sys.stdout.flush()
    # A sender that wants to know whether all has come waits for this.
    if reader.asks_receipt:
        peer.sendall(reader.receipt())
