# SPDX-License-Identifier: LGPL-2.1-or-later
import os
from collections.abc import Iterator
from types import TracebackType
from typing import Any, NamedTuple, Self, final

class Info(NamedTuple):
    version: int
    name: str
    capabilities: int
    max_region_size: int
    limit_bytes: int
    used_bytes: int
    alignment: int
    queue_depth: int
    queued: int
    default_timeout_ms: int
    captures: int
    gaps: int
    busy: int
    file_limit_bytes: int
    file_used_bytes: int
    max_capture: int
    max_packet: int
    transfers: int

class Counts(NamedTuple):
    captures: int
    bytes: int
    gaps: int
    partial: int
    timeouts: int
    failures: int
    uncounted: int
    missed: int
    busy_retries: int
    taken: int

class Slot(NamedTuple):
    state: int
    importers: int
    page_references: int
    busy_since_ns: int
    sequence: int

class Geometry(NamedTuple):
    device: str
    regions: int
    credits: int
    region_size: int
    alignment: int

@final
class Device:
    def __new__(cls, path: str | bytes | os.PathLike[str] = ...) -> Self: ...
    @property
    def closed(self) -> bool: ...
    def info(self) -> Info: ...
    def fileno(self) -> int: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

@final
class Capture:
    @property
    def nbytes(self) -> int: ...
    @property
    def sequence(self) -> int: ...
    @property
    def timestamp_ns(self) -> int: ...
    @property
    def slot(self) -> int: ...
    @property
    def failures(self) -> int: ...
    @property
    def gap(self) -> bool: ...
    @property
    def partial(self) -> bool: ...
    @property
    def error(self) -> OSError | None: ...
    @property
    def writable(self) -> bool: ...
    @property
    def released(self) -> bool: ...
    @property
    def views(self) -> int: ...
    def release(self) -> None: ...
    def __len__(self) -> int: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...
    def __dlpack__(
        self,
        *,
        stream: None = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any: ...
    def __dlpack_device__(self) -> tuple[int, int]: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

class Source:
    @property
    def why(self) -> str: ...
    @property
    def reason(self) -> int: ...
    @property
    def regions(self) -> int: ...
    @property
    def closed(self) -> bool: ...
    def take(self, timeout: float | None = None) -> Capture: ...
    def poll(self) -> Capture | None: ...
    def fill(self) -> None: ...
    def stop(self) -> None: ...
    def limit(self, captures: int = 0, nbytes: int = 0) -> None: ...
    def counts(self) -> Counts: ...
    def fileno(self) -> int: ...
    def close(self) -> None: ...
    def __iter__(self) -> Iterator[Capture]: ...
    def __next__(self) -> Capture: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

class Ring(Source):
    def __new__(
        cls,
        device: Device,
        regions: int = 8,
        *,
        region_size: int = 0,
        length: int = 0,
        timeout: float | None = None,
        max_failures: int = 0,
        writable: bool = False,
        scatter: bool = False,
    ) -> Self: ...
    @property
    def length(self) -> int: ...
    def start(self) -> None: ...
    def grow(self, regions: int, /) -> None: ...
    def look(self, number: int, /) -> Slot: ...

class Client(Source):
    def __new__(
        cls, path: str | bytes | os.PathLike[str] = ..., *, credits: int = 0
    ) -> Self: ...
    def geometry(self) -> Geometry: ...
