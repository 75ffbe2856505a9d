"""Connections from outside to ports of a sandbox that lasts, each on a stream.

DIAL {port, credit} ───────────────▶        to 127.0.0.1, and if that is refused to ::1
   ◀─────────────────────────── DONE        it is connected
   ◀────────────────────────── ERROR        in place of DONE: why not
STDIN, CREDIT ─────────────────────▶        STDIN without bytes: the worker sends no more
   ◀────────────────── STDOUT, GRANT
   ◀──────────────────────────── END        the program sends no more
HANG_UP ───────────────────────────▶        it is not needed any more
   ◀───────────────────── CLOSED {…}        the last: both sides have ended, or one has given up
"""

from __future__ import annotations

import frames
import json_text
from dial import Dial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from dial import OpenSocket
    from loop import Loop
    from messages import DialCode

#: Each has one descriptor. With those of 200 commands it is what the agent may open.
MOST_DIALS = 200


class Dials:
    def __init__(self, loop: Loop, send: Callable[[int, int, bytes], None], open_socket: OpenSocket) -> None:
        self._loop = loop
        self._send = send
        self._open_socket = open_socket
        self._dials: dict[int, Dial] = {}

    def has(self, stream: int) -> bool:
        return stream in self._dials

    def open(self, stream: int, port: int, credit: int) -> None:
        if len(self._dials) >= MOST_DIALS:
            reason = f"{MOST_DIALS} connections are open, and there may be no more"
            self._refuse(stream, "too-many-connections", reason)
            return
        dial = self._dials[stream] = Dial(self, self._loop, stream, port, credit)
        dial.connect(self._open_socket)

    def received(self, kind: int, stream: int, payload: bytes) -> None:
        dial = self._dials[stream]
        if kind == frames.STDIN:
            dial.write(payload)
        elif kind == frames.CREDIT:
            dial.grant(int.from_bytes(payload, "big"))
        elif kind == frames.HANG_UP:
            dial.close()
        else:
            raise frames.ProtocolError(f"a kind that no connection has, {kind}")

    # For its dials

    def send(self, kind: int, stream: int, payload: bytes = b"") -> None:
        self._send(kind, stream, payload)

    def refuse(self, stream: int, code: DialCode, reason: str) -> None:
        del self._dials[stream]
        self._refuse(stream, code, reason)

    def closed(self, stream: int, *, is_reset: bool) -> None:
        del self._dials[stream]
        self._send(frames.CLOSED, stream, json_text.dumps({"isReset": is_reset}))

    def _refuse(self, stream: int, code: DialCode, reason: str) -> None:
        self._send(frames.ERROR, stream, json_text.dumps({"message": reason, "code": code}))
