# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads SigMF recordings.

    recording = fpgabuf.sigmf.open("noise.sigmf-meta")
    for segment in recording.segments:
        samples = segment.samples()

The samples are numpy arrays that map the file: nothing is read before you look at it.
It needs neither libfpgabuf nor a driver; only samples() needs numpy.
"""

import dataclasses
import errno
import hashlib
import json
import mmap
import os
import pathlib
import re
import typing
from collections.abc import Mapping

from .errors import BadRecording

if typing.TYPE_CHECKING:
    import numpy

_DATATYPE = re.compile(r"([cr])([fiu])(8|16|32|64)(_le|_be)?")
_META = ".sigmf-meta"
_DATA = ".sigmf-data"
_CHUNK = 1 << 20


def _bad(path: pathlib.Path, text: str) -> BadRecording:
    return BadRecording(errno.EBADMSG, f"{path}: {text}")


@dataclasses.dataclass(frozen=True, slots=True)
class Datatype:
    """What core:datatype says.

    complex   a sample has two numbers, I and Q
    kind      "f" float, "i" integer, "u" unsigned integer
    bits      of a number: 8, 16, 32 or 64
    order     "<" little-endian, ">" big-endian
    channels  numbers of each sample instant
    """

    complex: bool
    kind: str
    bits: int
    order: str
    channels: int

    @property
    def sample_size(self) -> int:
        """Bytes of one sample of all channels"""
        return self.bits // 8 * (2 if self.complex else 1) * self.channels

    @property
    def numpy(self) -> str:
        """The same for numpy.dtype(): complex numbers, or single ones"""
        if self.complex and self.kind == "f":
            return f"{self.order}c{self.bits // 4}"
        return f"{self.order}{self.kind}{self.bits // 8}"

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of a sample, without the axis of time"""
        shape: tuple[int, ...] = (self.channels,) if self.channels > 1 else ()
        if self.complex and self.kind != "f":
            shape += (2,)
        return shape


@dataclasses.dataclass(frozen=True, slots=True)
class Segment:
    """Samples that follow each other without a gap.

    recording  what it is part of
    start      index of the first sample
    count      how many samples
    offset     where they are in the file of the data
    metadata   what the file says of it, with names as "core:datetime"
    """

    recording: "Recording" = dataclasses.field(repr=False)
    start: int
    count: int
    offset: int
    metadata: Mapping[str, typing.Any]

    @property
    def datetime(self) -> str | None:
        """When the first sample was taken, ISO 8601"""
        return self.metadata.get("core:datetime")

    @property
    def frequency(self) -> float | None:
        """Centre frequency in Hz"""
        return self.metadata.get("core:frequency")

    @property
    def global_index(self) -> int | None:
        """Index of the first sample, gaps counted"""
        return self.metadata.get("core:global_index")

    @property
    def annotations(self) -> list[Mapping[str, typing.Any]]:
        """The annotations that begin in it"""
        end = self.start + self.count
        return [
            annotation
            for annotation in self.recording.annotations
            if self.start <= annotation["core:sample_start"] < end
        ]

    def samples(self) -> "numpy.ndarray":
        """A numpy array that maps the file, read-only.

        The first axis is time.  If there are several channels, the second is the
        channel; integers that are complex have a last axis for I and Q.
        """
        import numpy

        datatype = self.recording.datatype
        shape = (self.count, *datatype.shape)
        if not self.count:
            return numpy.empty(shape, datatype.numpy)
        return numpy.memmap(
            self.recording.data_path, datatype.numpy, "r", self.offset, shape
        )

    def memory(self) -> memoryview:
        """The bytes of all samples; they map the file, too."""
        size = self.count * self.recording.datatype.sample_size
        if not size:
            return memoryview(b"")
        begin = self.offset - self.offset % mmap.ALLOCATIONGRANULARITY
        with self.recording.data_path.open("rb") as file:
            mapped = mmap.mmap(
                file.fileno(),
                self.offset - begin + size,
                access=mmap.ACCESS_READ,
                offset=begin,
            )
        return memoryview(mapped)[self.offset - begin :]


@dataclasses.dataclass(frozen=True, slots=True)
class Recording:
    """A recording.

    path         the file of the metadata
    data_path    the file of the samples
    metadata     all of the metadata
    datatype     what a sample is
    sample_rate  samples a second, or None
    segments     the samples, in pieces without a gap
    annotations  what is said of samples, as it is in the metadata
    """

    path: pathlib.Path
    data_path: pathlib.Path
    metadata: Mapping[str, typing.Any] = dataclasses.field(repr=False)
    datatype: Datatype
    sample_rate: float | None
    segments: list[Segment]
    annotations: list[Mapping[str, typing.Any]] = dataclasses.field(repr=False)

    def verify(self) -> None:
        """BadRecording, if the data are not those that the metadata were made for."""
        wanted = self.metadata["global"].get("core:sha512")
        if wanted is None:
            raise _bad(self.path, "has no core:sha512 to compare the data with")
        digest = hashlib.sha512()
        with self.data_path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
        if digest.hexdigest() != wanted.lower():
            raise _bad(self.data_path, "is not what core:sha512 says")


def _meta_path(path: str | os.PathLike[str]) -> pathlib.Path:
    given = pathlib.Path(path)
    if given.suffix == ".sigmf":
        raise _bad(given, "is an archive: unpack it with `tar -xf`")
    if given.suffix in (_META, _DATA):
        return given.with_suffix(_META)
    return given.with_name(given.name + _META)


def _load(path: pathlib.Path) -> Mapping[str, typing.Any]:
    try:
        metadata = json.loads(path.read_bytes())
    except ValueError as error:
        raise _bad(path, f"is no JSON: {error}") from None
    if not isinstance(metadata, dict):
        raise _bad(path, "is no SigMF: it is not an object")
    for name, kind in (("global", dict), ("captures", list), ("annotations", list)):
        if not isinstance(metadata.get(name), kind):
            raise _bad(path, f"is no SigMF: it has no {name}")
    return metadata


def _number(
    path: pathlib.Path, of: Mapping[str, typing.Any], name: str, default: int
) -> int:
    value = of.get(name, default)
    if type(value) is not int or value < 0:
        raise _bad(path, f"{name} is {value!r}, and should be an integer from 0 on")
    return value


def _datatype(path: pathlib.Path, about: Mapping[str, typing.Any]) -> Datatype:
    name = about.get("core:datatype")
    match = _DATATYPE.fullmatch(name) if isinstance(name, str) else None
    channels = _number(path, about, "core:num_channels", 1)
    if not match or not channels:
        raise _bad(path, f"core:datatype {name!r} with {channels} channels is unknown")
    form, kind, bits, order = match.groups()
    small_float = kind == "f" and bits in ("8", "16")
    if small_float or (kind != "f" and bits == "64") or (bits != "8") != bool(order):
        raise _bad(
            path,
            f"core:datatype {name!r} is unknown: more than 8 bits need _le or _be",
        )
    return Datatype(
        form == "c", kind, int(bits), ">" if order == "_be" else "<", channels
    )


def _data_path(path: pathlib.Path, about: Mapping[str, typing.Any]) -> pathlib.Path:
    name = about.get("core:dataset")
    if name is None and about.get("core:metadata_only"):
        raise _bad(path, "has no samples: core:metadata_only")
    if name is None:
        return path.with_suffix(_DATA)
    if not isinstance(name, str) or pathlib.PurePath(name).name != name:
        raise _bad(path, f"core:dataset {name!r} is not a file beside it")
    return path.with_name(name)


def _starts(path: pathlib.Path, captures: list[typing.Any]) -> list[int]:
    """Where the segments begin; they are in order."""
    starts = []
    for capture in captures:
        if not isinstance(capture, dict):
            raise _bad(path, "a capture is not an object")
        starts.append(_number(path, capture, "core:sample_start", -1))
    if starts != sorted(starts):
        raise _bad(path, "the captures are not sorted by core:sample_start")
    return starts


def _segments(recording: Recording, size: int) -> None:
    """Where the samples of each segment are, in a file of so many bytes"""
    path = recording.path
    captures = recording.metadata["captures"] or [{"core:sample_start": 0}]
    each = recording.datatype.sample_size
    starts = _starts(path, captures)
    headers = [_number(path, of, "core:header_bytes", 0) for of in captures]
    trailing = _number(path, recording.metadata["global"], "core:trailing_bytes", 0)
    room = size - sum(headers) - trailing
    if room < 0 or (starts and starts[-1] * each > room):
        raise _bad(
            recording.data_path,
            f"has {size} bytes, less than the metadata say: it was cut off",
        )
    ends = [*starts[1:], room // each]
    skipped = 0
    for start, end, header, capture in zip(starts, ends, headers, captures):
        skipped += header
        recording.segments.append(
            Segment(recording, start, end - start, start * each + skipped, capture)
        )


def _annotations(path: pathlib.Path, annotations: list[typing.Any]) -> list[typing.Any]:
    for annotation in annotations:
        if not isinstance(annotation, dict):
            raise _bad(path, "an annotation is not an object")
        _number(path, annotation, "core:sample_start", -1)
    return annotations


def open(path: str | os.PathLike[str]) -> Recording:
    """Open a recording by the name of one of its two files, or their common name.

    FileNotFoundError: one of them is missing.  BadRecording: they cannot be read.
    """
    meta = _meta_path(path)
    metadata = _load(meta)
    about = metadata["global"]
    recording = Recording(
        meta,
        _data_path(meta, about),
        metadata,
        _datatype(meta, about),
        about.get("core:sample_rate"),
        [],
        _annotations(meta, metadata["annotations"]),
    )
    _segments(recording, recording.data_path.stat().st_size)
    return recording
