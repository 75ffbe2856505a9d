"""Kills processes, and does not mind if they are gone."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
else:
    import _signal as signal


def kill_if_there(target: int, number: int = 9) -> None:
    """A process, or a group by its negative number."""
    try:
        os.kill(target, number)
    except (ProcessLookupError, PermissionError):
        pass


def signal_group(leader: int, number: int) -> None:
    """A stopped program must wake up to receive it."""
    kill_if_there(-leader, number)
    kill_if_there(-leader, signal.SIGCONT)


def kill_all_we_may() -> None:
    """Everything this process may kill but itself; from process 1, the whole container. No fork can outrun it: the
    kernel creates no process while it sends a signal to -1."""
    kill_if_there(-1)
