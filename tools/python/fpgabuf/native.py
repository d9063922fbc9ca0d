# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rings and clients: what is written in C, and asyncio on top of it."""

import enum

from . import _core
from ._core import Capture, Counts, Device, Geometry, Info, Slot, Source
from .waiting import Waiting

__all__ = [
    "Capture",
    "Client",
    "Counts",
    "Device",
    "Geometry",
    "Info",
    "Reason",
    "Ring",
    "Slot",
    "SlotState",
    "Source",
]


def _members(prefix: str) -> dict[str, int]:
    return {
        name.removeprefix(prefix): value
        for name, value in vars(_core).items()
        if name.startswith(prefix)
    }


Reason = enum.IntEnum("Reason", _members("REASON_"), module="fpgabuf")
Reason.__doc__ = "What a ring or a client waits for, or why its last call failed."
SlotState = enum.IntEnum("SlotState", _members("SLOT_"), module="fpgabuf")
SlotState.__doc__ = "Where a region of a ring is."


class Ring(Waiting, _core.Ring):
    """Regions that go round between FPGA and program.

    device        a Device, which you may close afterwards
    regions       how many; you can have as many captures at once, but then nothing
                  is captured meanwhile
    region_size   bytes of each; 0: 2 MiB, or what the DMA controller takes
    length        bytes of a capture; 0: a whole region
    timeout       seconds that a capture may take; None: the device's default
    max_failures  it ends after so many captures failed in a row; 0: never
    writable      map the regions for writing, too
    scatter       regions need not be contiguous

    Iterate over it by "for" or "async for".  It begins when you ask for the first
    capture, or by fill().
    """


class Client(Waiting, _core.Client):
    """Captures that a server shares.

    path     the socket of fpgabuf-share
    credits  most captures to have at once; 0: as many as the server gives

    Iterate over it by "for" or "async for".
    """
