# SPDX-License-Identifier: LGPL-2.1-or-later
"""Exceptions.  All are an Error, which is an OSError: errno has the number.

Where Python has a class for the number, ours is that class as well: you can catch
FileNotFoundError, PermissionError and TimeoutError.
"""

import errno


class Error(OSError):
    """A call has failed; the text says why, and what you can do."""


class Ended(Error, EOFError):
    """No capture will come: the limit is reached, or capturing was stopped."""


class Timeout(Error, TimeoutError):
    """Nothing has come in time."""


class Gone(Error):
    """The device was removed, or its driver unbound."""


class Busy(Error):
    """Somebody else captures, or has all places of a server."""


class NotFound(Error, FileNotFoundError):
    """There is no such device or server."""


class Refused(Error, PermissionError):
    """You have no right to do this."""


class BadStream(Error):
    """These bytes are no framed stream, or the stream was cut off."""


class BadRecording(Error):
    """These files are no SigMF recording that can be read."""


_CLASSES = {
    errno.ENODATA: Ended,
    errno.ETIMEDOUT: Timeout,
    errno.ENODEV: Gone,
    errno.EBUSY: Busy,
    errno.EUSERS: Busy,
    errno.ENOENT: NotFound,
    errno.EACCES: Refused,
    errno.EPERM: Refused,
}

_NO_MODULE = (
    "is the fpgabuf module loaded, and the FPGA bound to it? see `lsmod` and "
    "`ls /dev/fpgabuf*`"
)

# What one can do, by what was done and what came of it
_REMEDIES = {
    "open": {
        errno.ENOENT: _NO_MODULE,
        errno.ENXIO: _NO_MODULE,
        errno.ENODEV: _NO_MODULE,
        errno.EACCES: "join the group that owns the device, or become root",
        errno.EPERM: "join the group that owns the device, or become root",
        errno.ENOTTY: "it is not an fpgabuf device: `ls /dev/fpgabuf*` lists them",
    },
    "ring": {
        errno.EINVAL: "regions is 1 to 65536, region_size at most "
        "Device.info().max_region_size, and length a multiple of its alignment, "
        "at most region_size",
        errno.EMSGSIZE: "a region is shorter than the shortest capture: use a larger "
        "region_size",
        errno.ENOMEM: "memory is fragmented or short: use a smaller region_size or "
        "fewer regions; the kernel log (`dmesg`) says what was tried",
        errno.EDQUOT: "the limit of the device is reached (limit_bytes of "
        "Device.info()): use a smaller region_size or fewer regions",
        errno.EMFILE: "raise the limit of open files (`ulimit -n`), or use fewer "
        "regions",
        errno.EIO: "the DMA controller does not reach this memory: use a smaller "
        "region_size or fewer regions",
    },
    "capture": {
        errno.EMSGSIZE: "the DMA controller does not take so much as one capture: use "
        "a smaller region_size or length",
        errno.EUSERS: "another program is capturing from this device",
        errno.ENODEV: "the device was removed, or its driver unbound",
        errno.EIO: "the kernel log (`dmesg`) says why",
    },
    "client": {
        errno.ENOENT: "is fpgabuf-share running, with this socket?",
        errno.ECONNREFUSED: "is fpgabuf-share running, with this socket?",
    },
}


def make(doing: str, number: int, text: str) -> Error:
    """An exception for an errno, with the remedy."""
    remedy = _REMEDIES.get(doing, {}).get(number)
    if remedy:
        text = f"{text}; {remedy}"
    return _CLASSES.get(number, Error)(number, text)
