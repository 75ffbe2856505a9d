"""What the kernel counted for this container, cgroup v1 and v2 alike; nothing where there is none (local)."""

import os

ROOT = "/sys/fs/cgroup"


def _read(path):
    with open(path) as file:
        return file.read()


def _field(path, name):
    for line in _read(path).splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    return 0


def _live_cpu_seconds(pid):
    try:
        fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Usage:
    """Counters that only grow; callers take differences."""

    def __init__(self, isolated, own_cpu_seconds):
        self._own_cpu_seconds = own_cpu_seconds
        self.watched = set()  # processes whose time is looked up one by one where no cgroup counts it
        self.version = None
        if isolated:
            self.version = "v2" if os.path.exists(f"{ROOT}/cgroup.controllers") else "v1"

    def _counter(self, v1, v2):
        try:
            return {"v1": v1, "v2": v2, None: lambda: None}[self.version]()
        except (OSError, ValueError):
            return None

    def cpu_seconds(self):
        """Of every process in the sandbox, alive or dead, the agent's own taken away."""
        total = self._counter(
            lambda: int(_read(f"{ROOT}/cpuacct/cpuacct.usage")) / 1e9,
            lambda: _field(f"{ROOT}/cpu.stat", "usage_usec") / 1e6,
        )
        if total is not None:
            return max(0.0, total - self._own_cpu_seconds())
        times = os.times()
        return times.children_user + times.children_system + sum(map(_live_cpu_seconds, self.watched))

    def peak_memory_bytes(self):
        return self._counter(
            lambda: int(_read(f"{ROOT}/memory/memory.max_usage_in_bytes")),
            lambda: int(_read(f"{ROOT}/memory.peak")),
        )

    def oom_kills(self):
        return self._counter(
            lambda: _field(f"{ROOT}/memory/memory.oom_control", "oom_kill"),
            lambda: _field(f"{ROOT}/memory.events", "oom_kill"),
        ) or 0

    def refused_forks(self):
        return self._counter(
            lambda: _field(f"{ROOT}/pids/pids.events", "max"),
            lambda: _field(f"{ROOT}/pids.events", "max"),
        ) or 0


def is_full(folder):
    """No block or no inode left there."""
    try:
        state = os.statvfs(folder)
    except OSError:
        return False
    return state.f_bfree == 0 or (state.f_files > 0 and state.f_ffree == 0)
