"""What is sent to a program is kept until the program takes it. Then the sender learns of it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from loop import Loop
    from spawn import Streams


class Stdin:
    """`on_taken` gets a number of bytes that need no room any more."""

    def __init__(self, loop: Loop, streams: Streams, on_taken: Callable[[int], None]) -> None:
        self._loop = loop
        self._streams = streams
        self._on_taken = on_taken
        self._waiting = bytearray()
        self._ends = False
        self._is_open = False

    def open(self) -> None:
        """From now on the program gets it."""
        self._is_open = True
        self._feed()

    def write(self, data: bytes) -> None:
        """No bytes: there will be no more."""
        if self._streams.stdin is None or self._ends:
            self._on_taken(len(data))
            return
        if data:
            self._waiting += data
        else:
            self._ends = True
        if self._is_open:
            self._feed()

    def _feed(self) -> None:
        fd = self._streams.stdin
        if fd is None:
            return
        try:
            while self._waiting:
                written = self._streams.write(self._waiting)
                del self._waiting[:written]
                self._on_taken(written)
        except BlockingIOError:
            self._loop.write_when_ready(fd, self._feed)
            return
        except BrokenPipeError:
            self._on_taken(len(self._waiting))
            self._waiting.clear()
            self._ends = True
        self._loop.write_when_ready(fd, None)
        if self._ends:
            self._streams.end_stdin(self._loop)
