"""Tells the worker when a program of the sandbox begins or ceases to listen on a port.

    PORTS {known} ─────────────────────▶        which ports the worker knows of
       ◀────────────── LISTENING {ports}        as soon as others are listened on: all of them

There is no event for it, so the agent looks. It looks often after something has changed, because most programs listen
soon after they start, and less and less often then. While nothing runs it does not look.
"""

from __future__ import annotations

import time

from frames import ProtocolError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from loop import Loop

#: The worker gets the lowest ones.
MOST_PORTS = 256
SHORTEST_SECONDS, LONGEST_SECONDS = 0.02, 0.2
#: Looks this often in the time since the last change, and takes at most such a part of a processor.
PART = 10


class Ports:
    """`look` says which ports are listened on, `is_empty` whether no program is there."""

    def __init__(
        self,
        loop: Loop,
        look: Callable[[], list[int]],
        is_empty: Callable[[], bool],
        on_change: Callable[[int, list[int]], None],
    ) -> None:
        self._loop = loop
        self._look = look
        self._is_empty = is_empty
        self._on_change = on_change
        self._stream = 0  # of the question that waits for its answer; 0 while none does
        self._known: list[int] = []
        self._changed = 0.0
        self._timer: int | None = None

    def ask(self, stream: int, known: list[int]) -> None:
        if self._stream:
            raise ProtocolError("a question about ports before the last one was answered")
        self._stream, self._known = stream, known
        self._look_now()

    def something_changes(self) -> None:
        """A program starts, or gets input."""
        self._changed = time.monotonic()
        if self._stream:
            self._plan(SHORTEST_SECONDS)

    def _plan(self, seconds: float) -> None:
        if self._timer is not None:
            self._loop.cancel(self._timer)
        self._timer = self._loop.after(seconds, self._look_now)

    def _look_now(self) -> None:
        if self._timer is not None:
            self._loop.cancel(self._timer)
            self._timer = None
        started = time.monotonic()
        ports = self._look()[:MOST_PORTS]
        now = time.monotonic()
        if ports != self._known:
            stream, self._stream = self._stream, 0
            self._on_change(stream, ports)
        elif ports or not self._is_empty():
            since_change = max(SHORTEST_SECONDS, (now - self._changed) / PART)
            self._plan(max(min(LONGEST_SECONDS, since_change), (now - started) * PART))
