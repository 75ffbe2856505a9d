"""What the kernel has counted for one program. Counters only grow, so what was there before is not the program's."""

from __future__ import annotations

from usage import grown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from confinement.run import RunUsage
    from usage import Usage


class Counted:
    """`is_first`: nothing ran here before."""

    def __init__(self, usage: Usage | RunUsage, *, is_first: bool) -> None:
        self._usage = usage
        self._is_first = is_first
        self._peak_before: int | None = None
        self._cpu_before: float | None = None
        self._oom_before: int | None = None
        self._refused_before: int | None = None

    def begin(self) -> None:
        """Before it starts."""
        self._peak_before = self._usage.peak_memory_bytes()
        self._cpu_before = self._usage.cpu_seconds()
        self._oom_before = self._usage.oom_kills()
        self._refused_before = self._usage.refused_forks()

    def cpu_ms(self) -> float | None:
        seconds = grown(self._cpu_before, self._usage.cpu_seconds())
        return None if seconds is None else round(seconds * 1000, 3)

    def oom_kills(self) -> float | None:
        return grown(self._oom_before, self._usage.oom_kills())

    def refused_forks(self) -> float | None:
        return grown(self._refused_before, self._usage.refused_forks())

    def peak_memory_bytes(self, of_processes: int | None) -> int | None:
        """The kernel keeps the highest of the container's whole life: a later job's own is known where it is higher.
        Otherwise the largest of its processes must do, where it is known."""
        peak = self._usage.peak_memory_bytes()
        if self._is_first or peak is None or self._peak_before is None or peak > self._peak_before:
            return peak
        return of_processes
