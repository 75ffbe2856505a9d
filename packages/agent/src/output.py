"""What a program prints, read from its two pipes.

1. A pipe is read only while there is credit from the worker. Without credit the program blocks when the pipe is full.
2. After a small piece, both pipes rest for a moment, so that the next piece is larger (gathering.py).
3. Output over the job's limit is not passed on.
4. When the main process has died, what is there is read at once (`drain`).
5. The end of both pipes proves that no process is left that could print.
"""

from __future__ import annotations

import os

from gathering import Gathering

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from loop import Loop
    from spawn import Pipes

READ_BYTES = 1 << 16


class Output:
    """Reads from now on. `on_piece` gets whether it is standard output, and the bytes; `on_excess` is called when the
    program has printed more than it may, `on_end` once, at the end of both pipes."""

    def __init__(
        self,
        loop: Loop,
        pipes: Pipes,
        *,
        credit: int,
        limit_bytes: int,
        on_piece: Callable[[bool, bytes], None],
        on_excess: Callable[[], None],
        on_end: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._stdout = pipes.stdout
        self._open = [pipes.stdout, pipes.stderr]
        self._credit = credit
        self._left_bytes = limit_bytes
        self._on_piece = on_piece
        self._on_excess = on_excess
        self._on_end = on_end
        self._gathering = Gathering(loop, self._read_both)
        self._listen()

    def is_open(self) -> bool:
        return bool(self._open)

    def grant(self, credit: int) -> None:
        self._credit += credit
        self._listen()

    def _listen(self) -> None:
        is_listening = self._credit > 0 and not self._gathering.is_on
        for fd in self._open:
            self._loop.read_when_ready(fd, (lambda fd=fd: self._read(fd)) if is_listening else None)

    def _read_both(self) -> None:
        """Each stream has its turn: otherwise one that always has something would keep the other waiting."""
        for fd in list(self._open):
            if self._credit > 0:
                self._read(fd)
        self._listen()

    def _read(self, fd: int) -> bool:
        """False: nothing more is there."""
        try:
            data = os.read(fd, min(READ_BYTES, self._credit))
        except BlockingIOError:
            return False
        if not data:
            self._close(fd)
            return False
        piece = data[: self._left_bytes]
        self._left_bytes -= len(piece)
        if piece:
            self._credit -= len(piece)
            self._on_piece(fd == self._stdout, piece)
        if len(piece) < len(data):
            self._on_excess()
        if self._credit <= 0 or self._gathering.start_after(data):
            self._listen()
        return True

    def drain(self) -> None:
        """Once the main process has died: reads what is there already, which is usually all, and gathers no more. A
        process that goes on printing cannot keep us here."""
        self._gathering.stop()
        for fd in list(self._open):
            for _ in ("what is there", "the end"):
                if self._credit <= 0 or not self._read(fd):
                    break
        self._listen()

    def close(self) -> None:
        """Gives up what is still open."""
        for fd in list(self._open):
            self._close(fd)

    def _close(self, fd: int) -> None:
        self._loop.close(fd)
        self._open.remove(fd)
        if not self._open:
            self._on_end()
