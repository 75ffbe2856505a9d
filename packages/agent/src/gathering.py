"""A trick: output often comes in pieces, because Python's `print` is two writes. So what follows a piece is gathered
for a moment, and the end of a short program is sent together with its last output.

A program that prints 20,000 numbers sends 20 pieces instead of 2,780 and takes 37 ms instead of 64 (2026-11-29,
`node apps/bench/src/tricks/main.ts --without gather --containers reused --code 'for n in range(20000): print(n)'`).
Switch: `gather`.
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
    def __init__(self, loop: Loop, on_end: Callable[[], None]) -> None:
        self._loop = loop
        self._on_end = on_end
        self._is_wanted = switches.is_on("gather")
        self._timer = 0
        self.is_on = False

    def start_after(self, piece: bytes) -> bool:
        """Whether it starts now. `on_end` is called when the time is over."""
        if self.is_on or not self._is_wanted or len(piece) >= LARGE_BYTES:
            return False
        self.is_on = True
        self._timer = self._loop.after(SECONDS, self._end)
        return True

    def _end(self) -> None:
        self.is_on = False
        self._on_end()

    def stop(self) -> None:
        """Now and for good. `on_end` is not called."""
        self._loop.cancel(self._timer)
        self._is_wanted = self.is_on = False
