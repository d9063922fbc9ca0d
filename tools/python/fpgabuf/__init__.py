# SPDX-License-Identifier: LGPL-2.1-or-later
"""Capture from an FPGA, into memory that numpy reads without a copy.

    with fpgabuf.Device() as device, fpgabuf.Ring(device) as ring:
        for capture in ring:
            samples = numpy.frombuffer(capture, numpy.int16)

A capture goes back to its ring when you release it, or when nobody has it any more.
Each view of it (memoryview, numpy, DLPack) has it.  So the FPGA never writes into
memory that you can still see: a ring with too many views waits for you.

Ring       captures of a device
Client     captures that another process shares (fpgabuf-share)
frames     reads framed streams, in pure Python
sigmf      reads SigMF recordings, in pure Python

The modules frames and sigmf work where there is no libfpgabuf.
"""

from . import errors
from .errors import Busy, Ended, Error, Gone, NotFound, Refused, Timeout

__all__ = [
    "Busy",
    "Capture",
    "Client",
    "Counts",
    "Device",
    "Ended",
    "Error",
    "Geometry",
    "Gone",
    "Info",
    "NotFound",
    "Reason",
    "Refused",
    "Ring",
    "Slot",
    "SlotState",
    "Source",
    "Timeout",
    "errors",
]

# What calls the library is only loaded when it is wanted.
_NATIVE = frozenset(__all__) - {"errors"} - frozenset(globals())


def __getattr__(name: str) -> object:
    if name not in _NATIVE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import native

    value = getattr(native, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
