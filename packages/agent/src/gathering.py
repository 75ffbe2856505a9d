"""A trick: output often comes in pieces, because Python's `print` is two writes. So while only one pipe is in use,
what follows a small piece is gathered for a moment, and the end of a short program is sent together with its last
output.

Only this pipe rests for that moment. When something is written to the other one, the rest is over at once, and both
are read in the order in which they were written to.

In a cell, a program that prints 20,000 numbers sends 25 pieces instead of 1,091 and takes 56 ms instead of 120
(2026-11-30, `node apps/bench/src/tricks/main.ts --without gather --containers reused --code 'for n in range(20000):
print(n)'`). Switch: `gather`.
"""

from __future__ import annotations

import switches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from loop import Loop

SECONDS = 0.002
#: Nothing is gathered after a piece of this size: a pipe that is not read soon is full.
LARGE_BYTES = 4096


class Gathering:
    def __init__(self, loop: Loop, on_end: Callable[[int], None]) -> None:
        self._loop = loop
        self._on_end = on_end
        self._timer = 0
        self.is_wanted = switches.is_on("gather")
        #: The pipe that is not read now.
        self.resting: int | None = None

    def start(self, fd: int, piece: bytes) -> bool:
        """Whether `fd` rests from now on, after this piece. `on_end` is called with it when the time is over."""
        if not self.is_wanted or len(piece) >= LARGE_BYTES:
            return False
        self.resting = fd
        self._timer = self._loop.after(SECONDS, lambda: self._on_end(fd))
        return True

    def stop(self) -> bool:
        """Whether something rested until now. `on_end` is not called any more."""
        if self.resting is None:
            return False
        self.resting = None
        self._loop.cancel(self._timer)
        return True
