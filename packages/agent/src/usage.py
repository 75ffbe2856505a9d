"""What the kernel counted for this container, in control groups of version 1 or 2. The local sandbox has none."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal, TypeAlias

    Version: TypeAlias = Literal["v1", "v2"]
    Kind: TypeAlias = Literal["cell", "container", "local"]

ROOT = "/sys/fs/cgroup"


def field(name: str) -> Callable[[bytes], int]:
    """Reads one line of a table: a name, a space, a number."""
    prefix = name.encode() + b" "

    def read(text: bytes) -> int:
        for line in text.splitlines():
            if line.startswith(prefix):
                return int(line[len(prefix) :])
        raise ValueError(f"no line {name}")

    return read


class Counter:
    """One file of the kernel."""

    def __init__(self, path: str, read: Callable[[bytes], int]) -> None:
        self._path = path
        self._read = read

    def value(self) -> int | None:
        """None where the kernel has no such file, or no number in it."""
        try:
            with open(self._path, "rb", buffering=0) as file:
                return self._read(file.read())
        except (OSError, ValueError):
            return None


def without_file_cache(stat: Counter) -> Callable[[bytes], int]:
    """Of what the kernel counts, it gives this part back by itself."""

    def read(text: bytes) -> int:
        return max(0, int(text) - (stat.value() or 0))

    return read


class Counters:
    """The files of one container's control groups."""

    def __init__(self, root: str) -> None:
        self.version: Version = "v2" if os.path.exists(f"{root}/cgroup.controllers") else "v1"
        if self.version == "v2":
            self._cpu_per_second = 1_000_000
            self.cpu = Counter(f"{root}/cpu.stat", field("usage_usec"))
            self.peak_memory = Counter(f"{root}/memory.peak", int)
            self.oom_kills = Counter(f"{root}/memory.events", field("oom_kill"))
            self.refused_forks = Counter(f"{root}/pids.events", field("max"))
            inactive = Counter(f"{root}/memory.stat", field("inactive_file"))
            self.memory = Counter(f"{root}/memory.current", without_file_cache(inactive))
            self.processes = Counter(f"{root}/pids.current", int)
        else:
            self._cpu_per_second = 1_000_000_000
            self.cpu = Counter(f"{root}/cpuacct/cpuacct.usage", int)
            self.peak_memory = Counter(f"{root}/memory/memory.max_usage_in_bytes", int)
            self.oom_kills = Counter(f"{root}/memory/memory.oom_control", field("oom_kill"))
            self.refused_forks = Counter(f"{root}/pids/pids.events", field("max"))
            inactive = Counter(f"{root}/memory/memory.stat", field("total_inactive_file"))
            self.memory = Counter(f"{root}/memory/memory.usage_in_bytes", without_file_cache(inactive))
            self.processes = Counter(f"{root}/pids/pids.current", int)

    def cpu_seconds(self) -> float | None:
        used = self.cpu.value()
        return None if used is None else used / self._cpu_per_second


class Usage:
    """Counters that only grow; callers take differences (`grown`). None is what could not be read, never 0."""

    def __init__(self, kind: Kind, own_cpu_seconds: Callable[[], float], root: str = ROOT) -> None:
        self._own_cpu_seconds = own_cpu_seconds
        self._counters = None if kind == "local" else Counters(root)
        # Process ids of a cell's programs mean something only inside their namespaces.
        self._can_watch = kind != "cell"
        self._watched: set[int] = set()

    def watch(self, pid: int) -> None:
        """Its time is looked up by its number where no control group counts time."""
        if self._can_watch:
            self._watched.add(pid)

    @property
    def version(self) -> Version | None:
        return None if self._counters is None else self._counters.version

    def cpu_seconds(self) -> float | None:
        """Of every process in the sandbox, alive or dead, except the agent itself."""
        total = None if self._counters is None else self._counters.cpu_seconds()
        if total is not None:
            return max(0.0, total - self._own_cpu_seconds())
        if not self._can_watch:
            return None
        times = os.times()
        return times.children_user + times.children_system + sum(map(read_live_cpu_seconds, self._watched))

    def peak_memory_bytes(self) -> int | None:
        return None if self._counters is None else self._counters.peak_memory.value()

    def memory_bytes(self) -> int | None:
        """Now, files in memory included."""
        return None if self._counters is None else self._counters.memory.value()

    def processes(self) -> int | None:
        """Now, threads included."""
        return None if self._counters is None else self._counters.processes.value()

    def oom_kills(self) -> int | None:
        return None if self._counters is None else self._counters.oom_kills.value()

    def refused_forks(self) -> int | None:
        return None if self._counters is None else self._counters.refused_forks.value()


def grown(before: float | None, now: float | None) -> float | None:
    return None if before is None or now is None else max(0, now - before)


def read_live_cpu_seconds(pid: int) -> float:
    """0 where there is no such process (any more), or no /proc."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def is_full(folder: str | int) -> bool:
    """No block or no inode is left there. `folder`: its path, or a descriptor."""
    try:
        state = os.statvfs(folder)
    except OSError:
        return False
    return state.f_bfree == 0 or (state.f_files > 0 and state.f_ffree == 0)
