"""Which command of a sandbox that lasts ran out of memory.

The kernel counts the processes that it has killed because memory ran out, but does not say which they were. So

1. a command whose main process was killed by somebody else than the agent has one of them, and so has a shell that
   ended with the code of a program that was killed;
2. a command that runs alone has all that nobody else had;
3. any other has none.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable
else:
    import _signal as signal

#: What a shell adds to the number of a signal.
SHELL_CODE = 128


class MemoryKills:
    """`count`: how many there were so far in the whole sandbox; None where the kernel does not say it."""

    def __init__(self, count: Callable[[], int | None]) -> None:
        self._count = count
        self._told = 0

    def forget(self) -> None:
        """Before a command starts that is alone: what happened until then is nobody's any more."""
        self._told = self._count() or 0

    def take(self, status: int, *, was_killed: bool, is_alone: bool) -> int | None:
        """How many are of a command that ended with this status. `was_killed`: by the agent."""
        counted = self._count()
        if counted is None:
            return None
        left = max(0, counted - self._told)
        taken = left if is_alone else min(left, 1) if looks_killed(status) and not was_killed else 0
        self._told += taken
        return taken


def looks_killed(status: int) -> bool:
    if os.WIFSIGNALED(status):
        return os.WTERMSIG(status) == signal.SIGKILL
    return os.WEXITSTATUS(status) == SHELL_CODE + signal.SIGKILL
