"""One command or task in the place of a sandbox that lasts, as `Process` sees it: with its own end, in what stays."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from typing import Any, Literal

    from confinement.place import Death, Place
    from memory_kills import MemoryKills
    from spawn import Streams
    from usage import Usage, Version
else:
    import _signal as signal


class Run:
    """`number`: no other of this place has it."""

    kind: Literal["cell"] = "cell"
    lasts = True
    peak_memory_bytes: int | None = None

    def __init__(self, place: Place, number: int) -> None:
        self._place = place
        self._number = number
        self.disks = place.disks
        self.pid = 0
        #: By the agent, for itself or for a caller.
        self.was_killed = False

    @property
    def network(self) -> str | None:
        """That of the whole sandbox."""
        return self._place.network

    def start_command(self, streams: Streams, argv: list[str], env: dict[str, str], folder: str) -> int:
        self.pid = self._place.command(self._number, streams, argv, env, folder)
        return self.pid

    def start_task(self, streams: Streams, what: dict[str, Any], folder: str) -> int:
        self.pid = self._place.task(streams, what, folder)
        return self.pid

    def cpu_ms(self) -> int:
        return self._place.cpu_ms(self.pid, self._number)

    def signal(self, pid: int, number: int) -> None:
        self.was_killed = self.was_killed or number == signal.SIGKILL
        self._place.signal(pid, number)

    def discard(self, _pid: int) -> None:
        self.kill_everything()

    def kill_everything(self) -> None:
        if self.pid:
            self.was_killed = True
            self._place.kill_tree(self.pid, self._number)


class RunUsage:
    """What the kernel counted for it, where it does: forks that were refused are counted for the whole sandbox."""

    def __init__(self, run: Run, whole: Usage, kills: MemoryKills) -> None:
        self._run = run
        self._whole = whole
        self._kills = kills
        self._oom_kills: int | None = 0
        self._death: Death | None = None

    @property
    def version(self) -> Version | None:
        return self._whole.version

    def watch(self, pid: int) -> None:
        """The run knows it."""

    def died(self, death: Death, *, is_alone: bool) -> None:
        """`is_alone`: no other runs."""
        self._death = death
        self._oom_kills = self._kills.take(death.status, was_killed=self._run.was_killed, is_alone=is_alone)

    def cpu_seconds(self) -> float:
        if self._death is not None:
            return self._death.cpu_ms / 1000
        return self._run.cpu_ms() / 1000 if self._run.pid else 0.0

    def peak_memory_bytes(self) -> int | None:
        """Of the largest of its processes."""
        return None if self._death is None else self._death.peak_memory_bytes

    def oom_kills(self) -> int | None:
        return self._oom_kills

    def refused_forks(self) -> int | None:
        return self._whole.refused_forks()
