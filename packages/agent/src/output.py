"""What a program prints, read from its two pipes.

1. A pipe is read only while there is credit from the worker. Without credit the program blocks when the pipe is full.
2. What is written first is read first (order.py). When both are ready, what is there is read at once and passed on
   in turns (turns.py).
3. After a small piece, its pipe rests for a moment, so that the next piece is larger (gathering.py).
4. Output over the job's limit is not passed on.
5. When the main process has died, what is there is read at once (`drain`).
6. The end of both pipes proves that no process is left that could print.
"""

from __future__ import annotations

import fcntl
import os
import sys

from gathering import Gathering
from turns import take_turns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from loop import Loop
    from spawn import Pipes

READ_BYTES = 1 << 16
NO_LIMIT = 1 << 62
#: The kernel's number for: how many bytes are in this pipe? Of Linux, where sandboxes last.
FIONREAD = 0x541B


class Output:
    """Reads from now on. `on_piece` gets whether it is standard output, and the bytes; `on_excess` is called when the
    program has printed more than it may, `on_end` once, at the end of both pipes."""

    def __init__(
        self,
        loop: Loop,
        pipes: Pipes,
        *,
        credit: int,
        limit_bytes: int | None,
        on_piece: Callable[[bool, bytes], None],
        on_excess: Callable[[], None],
        on_end: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._stdout = pipes.stdout
        self._open = [pipes.stdout, pipes.stderr]
        self._credit = credit
        self._left_bytes = NO_LIMIT if limit_bytes is None else limit_bytes
        self._on_piece = on_piece
        self._on_excess = on_excess
        self._on_end = on_end
        self._unfinished: list[int] = []  # may have more than was read last
        self._last_bytes: dict[int, int] = {}  # so many are still read of a pipe, where others may go on printing
        self._is_over = False
        self._is_abandoned = False
        self._gathering = Gathering(loop, self._read)
        self._order = pipes.order
        self._listen()

    def is_open(self) -> bool:
        return bool(self._open)

    def grant(self, credit: int) -> None:
        self._credit += credit
        self._listen()
        if self._is_abandoned:
            self.abandon()

    def _listen(self) -> None:
        for fd in self._open:
            is_wanted = self._credit > 0 and fd != self._gathering.resting
            self._loop.read_when_ready(fd, (lambda fd=fd: self._read(fd)) if is_wanted else None)

    def _read(self, *ready: int) -> None:
        """Reads what was written to and these ones, each once, then passes on what was there. What the last read has
        left comes first."""
        had_rest = self._gathering.stop()
        order = dict.fromkeys((*self._unfinished, *self._order.take(), *ready))
        self._unfinished = []
        taken: list[tuple[int, bytes]] = []
        ended: list[int] = []
        room = self._credit
        for fd in order:
            if fd not in self._open:
                continue
            last_bytes = self._last_bytes.get(fd, READ_BYTES)
            asked_bytes = min(READ_BYTES, room, last_bytes)
            data = self._take(fd, asked_bytes) if asked_bytes > 0 else None
            if last_bytes == 0:
                data = b""
            elif data and fd in self._last_bytes:
                self._last_bytes[fd] -= len(data)
            if asked_bytes <= 0 or (data and len(data) == asked_bytes):
                self._unfinished.append(fd)
            if data:
                taken.append((fd, data))
                room -= len(data)
            elif data is not None:
                ended.append(fd)
        self._pass_on(taken)
        for fd in ended:
            self._close(fd)
        starts_rest = len(taken) == 1 and not ended and self._gathering.start(*taken[0])
        if had_rest or starts_rest or self._credit <= 0:
            self._listen()

    def _take(self, fd: int, most: int) -> bytes | None:
        """No bytes: it has ended. None: nothing is there."""
        try:
            return os.read(fd, most)
        except BlockingIOError:
            return b"" if self._is_abandoned else None

    def _pass_on(self, taken: list[tuple[int, bytes]]) -> None:
        had_bytes = self._left_bytes
        for fd, data in take_turns(*taken) if len(taken) == 2 else taken:
            piece = data[: self._left_bytes]
            self._left_bytes -= len(piece)
            self._credit -= len(piece)
            if piece:
                self._on_piece(fd == self._stdout, piece)
        if sum(len(data) for _, data in taken) > had_bytes:
            self._is_over = True
            self._on_excess()

    def drain(self) -> None:
        """Once the main process has died: reads what is there already, which is usually all, and gathers no more. A
        process that goes on printing cannot keep us here."""
        self._gathering.is_wanted = False
        for _ in ("what is there", "the end"):
            if self._open:
                self._read(*self._open)

    def abandon(self) -> None:
        """Once nobody is left who should print: reads what is there, as far as there is credit for it, and does not
        wait for the end. A process that we do not know of may hold a pipe open for ever."""
        self._is_abandoned = True
        while self._open and self._credit > 0:
            if self._is_over:
                self.close()
            else:
                self._read(*self._open)

    def let_go(self) -> None:
        """Once the main process has died, and others that may live on hold the pipes: reads what is there now, as far
        as there is credit for it, and no more."""
        self._last_bytes = {fd: count_waiting(fd) for fd in self._open}
        self._is_abandoned = True
        self.abandon()

    def close(self) -> None:
        """Gives up what is still open."""
        for fd in list(self._open):
            self._close(fd)

    def _close(self, fd: int) -> None:
        self._loop.close(fd)
        self._open.remove(fd)
        if not self._open:
            self._gathering.stop()
            self._order.close()
            self._on_end()


def count_waiting(pipe: int) -> int:
    """How many bytes are in it."""
    return int.from_bytes(fcntl.ioctl(pipe, FIONREAD, bytes(4)), sys.byteorder)
