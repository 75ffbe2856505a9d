"""The one connection to the worker: frames in from descriptor 0, frames out on descriptor 1.

Writing never blocks the loop. What waits to be written is bounded by the credits of the worker, because program output
is read only against them.
"""

from __future__ import annotations

import fcntl
import os
import select

import json_text
from frames import Decoder, encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from loop import Loop

READ_BYTES = 1 << 16


class Channel:
    def __init__(self, loop: Loop, on_frame: Callable[[int, int, bytes], None], on_end: Callable[[], None]) -> None:
        self._loop = loop
        self._on_frame = on_frame
        self._on_end = on_end
        self._decoder = Decoder()
        self._waiting = bytearray()
        for fd in (0, 1):
            # os.set_blocking uses FIONBIO, which the filter of system calls answers and ignores for descriptor 1.
            fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_NONBLOCK)
        loop.read_when_ready(0, self._read)

    def _read(self) -> None:
        for kind, stream, payload in self._decoder.feed(self._take()):
            self._on_frame(kind, stream, payload)

    def _take(self) -> bytes:
        try:
            data = os.read(0, READ_BYTES)
        except BlockingIOError:
            return b""
        if not data:
            self._on_end()
        return data

    def send(self, kind: int, stream: int, payload: bytes = b"") -> None:
        self._waiting += encode(kind, stream, payload)
        self._write()

    def send_json(self, kind: int, stream: int, value: Mapping[str, object]) -> None:
        self.send(kind, stream, json_text.dumps(value))

    def _write(self) -> None:
        while self._waiting:
            try:
                written = os.write(1, self._waiting)
            except BlockingIOError:
                self._loop.write_when_ready(1, self._write)
                return
            except BrokenPipeError:
                self._on_end()
                return
            del self._waiting[:written]
        self._loop.write_when_ready(1, None)

    def finish(self) -> None:
        """Before the agent ends: returns when the worker has been sent all that waits. Until then frames are dropped,
        and nothing else of the loop runs. Only the end of the connection still counts."""
        poll = select.poll()
        poll.register(0, select.POLLIN)
        poll.register(1, select.POLLOUT)
        while self._waiting:
            poll.poll()
            self._take()
            self._write()
