# SPDX-License-Identifier: LGPL-2.1-or-later
"""asyncio for everything that has poll() and fileno()."""

import asyncio
import typing

from .errors import Ended

if typing.TYPE_CHECKING:
    from ._core import Capture, Source
else:
    Source = object


def _wake(waiters: set[asyncio.Future[None]]) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(None)


class Waiting(Source):
    """Adds "async for" and "await next()" to a source of captures.

    A loop watches a descriptor for one callback only, so all tasks that wait share it.
    """

    def __init__(self, *_args: object, **_kwds: object) -> None:
        self._waiters: dict[asyncio.AbstractEventLoop, set[asyncio.Future[None]]] = {}

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        if loop not in self._waiters:
            waiters = self._waiters[loop] = set()
            loop.add_reader(self.fileno(), _wake, waiters)
        waiters = self._waiters[loop]
        waiter = loop.create_future()
        waiters.add(waiter)
        try:
            await waiter
        finally:
            waiters.discard(waiter)
            # close() has forgotten them, and the descriptor may be another one.
            if not waiters and self._waiters.get(loop) is waiters:
                del self._waiters[loop]
                loop.remove_reader(self.fileno())

    async def next(self) -> "Capture":
        """The next capture, as take(), but other tasks run meanwhile."""
        while (capture := self.poll()) is None:
            await self._readable()
        return capture

    def __aiter__(self) -> typing.Self:
        return self

    async def __anext__(self) -> "Capture":
        try:
            return await self.next()
        except Ended:
            raise StopAsyncIteration from None

    def close(self) -> None:
        """End capturing.  Tasks that wait get a ValueError.

        Captures that you still have stay as they are until you release them.
        """
        while self._waiters:
            loop, waiters = self._waiters.popitem()
            loop.remove_reader(self.fileno())
            _wake(waiters)
        super().close()

    def __exit__(self, *_reason: object) -> None:
        self.close()
