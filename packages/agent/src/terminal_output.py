"""What a program prints on its terminal, read from the master: one stream, in order.

1. It is read only while there is credit from the worker. Without credit the program waits when the kernel's buffers,
   about 12 KiB, are full.
2. One read gives at most 4,095 bytes. So several make a piece, and after a small piece the terminal rests for a moment,
   as a pipe does (gathering.py).
3. Output over the job's limit is not passed on.
4. EIO is the end: everybody has closed the slave, and the kernel has delivered all that was written to it.
"""

from __future__ import annotations

import os

from gathering import LARGE_BYTES, SECONDS
from output import NO_LIMIT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from loop import Loop

READ_BYTES = 1 << 16


class TerminalOutput:
    """Does what `Output` does for two pipes."""

    def __init__(
        self,
        loop: Loop,
        master: int,
        *,
        credit: int,
        limit_bytes: int | None,
        on_piece: Callable[[bool, bytes], None],
        on_excess: Callable[[], None],
        on_end: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._master = master
        self._credit = credit
        self._left_bytes = NO_LIMIT if limit_bytes is None else limit_bytes
        self._on_piece = on_piece
        self._on_excess = on_excess
        self._on_end = on_end
        self._is_open = True
        self._gathers = True
        self._is_abandoned = False
        self._rest = 0
        self._listen(is_wanted=credit > 0)

    def is_open(self) -> bool:
        return self._is_open

    def grant(self, credit: int) -> None:
        self._credit += credit
        self._listen(is_wanted=self._credit > 0)
        if self._is_abandoned:
            self.abandon()

    def _listen(self, *, is_wanted: bool) -> None:
        if self._is_open:
            self._loop.read_when_ready(self._master, self._read if is_wanted else None)

    def _read(self) -> None:
        piece, has_ended = self._take(min(READ_BYTES, self._credit))
        passed_on = piece[: self._left_bytes]
        self._left_bytes -= len(passed_on)
        self._credit -= len(passed_on)
        if passed_on:
            self._on_piece(True, passed_on)
        if len(passed_on) < len(piece):
            self._on_excess()
        if has_ended:
            self.close()
        elif self._credit <= 0:
            self._listen(is_wanted=False)
        elif self._gathers and 0 < len(piece) < LARGE_BYTES:
            self._listen(is_wanted=False)
            self._rest = self._loop.after(SECONDS, lambda: self._listen(is_wanted=self._credit > 0))

    def _take(self, most_bytes: int) -> tuple[bytes, bool]:
        """What is there, and whether it is the end."""
        taken = bytearray()
        try:
            while len(taken) < most_bytes:
                data = os.read(self._master, most_bytes - len(taken))
                if not data:
                    return bytes(taken), True  # how other systems than Linux say it
                taken += data
        except BlockingIOError:
            pass
        except OSError:
            return bytes(taken), True
        return bytes(taken), False

    def drain(self) -> None:
        """Once the main process has died: reads what is there, and gathers no more."""
        self._gathers = False
        self._loop.cancel(self._rest)
        self._listen(is_wanted=self._credit > 0)
        if self._is_open and self._credit > 0:
            self._read()

    def abandon(self) -> None:
        """Once nobody is left who should print: reads what is there, when there is credit for it, and does not wait for
        the end. A process that we do not know of may hold the terminal open for ever."""
        self._is_abandoned = True
        self.drain()
        if self._credit > 0:
            self.close()

    def let_go(self) -> None:
        """As `abandon`: others that hold the terminal may live on."""
        self.abandon()

    def close(self) -> None:
        """Gives up what is still open."""
        if self._is_open:
            self._is_open = False
            self._loop.cancel(self._rest)
            self._loop.close(self._master)
            self._on_end()
