"""Two pipes between the agent and a program that was started ahead and waits in its own start-up:

answer  ▶ it waits; later, where it writes its own files, that they are there
barrier ◀ the end of the wait, by whatever comes
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from loop import Loop

READ_BYTES = 1 << 16


class StartBarrier:
    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._barrier: int | None = None
        self._answer: int | None = None
        self._on_answer: Callable[[bytes], None] = lambda _: None

    def open(self, start: Callable[[int, int], int], on_answer: Callable[[bytes], None]) -> int:
        """`start` gets the program's ends, and returns its process id, as this does."""
        barrier, self._barrier = os.pipe()
        self._answer, answer = os.pipe()
        self._on_answer = on_answer
        try:
            pid = start(barrier, answer)
        finally:
            os.close(barrier)
            os.close(answer)
        os.set_blocking(self._barrier, False)
        os.set_blocking(self._answer, False)
        self._loop.read_when_ready(self._answer, self.look)
        return pid

    def expect(self, on_answer: Callable[[bytes], None]) -> None:
        """What is called with the next answer; without bytes the program has ended."""
        self._on_answer = on_answer

    def look(self) -> None:
        """Whether it has answered. It may have before anything else of it is seen."""
        if self._answer is None:
            return
        try:
            said = os.read(self._answer, READ_BYTES)
        except BlockingIOError:
            return
        self._on_answer(said)

    def release(self, request: bytearray) -> None:
        if self._barrier is not None:
            self._loop.write_all(self._barrier, request)
            self._barrier = None

    def close_answer(self) -> None:
        if self._answer is not None:
            self._loop.close(self._answer)
            self._answer = None

    def close(self) -> None:
        self.close_answer()
        if self._barrier is not None:
            self._loop.close(self._barrier)
            self._barrier = None
