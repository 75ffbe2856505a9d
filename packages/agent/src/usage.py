"""What the kernel counted for this container, cgroup v1 and v2 alike; nothing where there is none (local)."""

import os

ROOT = "/sys/fs/cgroup"
READ_BYTES = 4096


def _number(text):
    return int(text)


def _field(name):
    prefix = name.encode() + b" "

    def read(text):
        for line in text.splitlines():
            if line.startswith(prefix):
                return int(line[len(prefix) :])
        return 0

    return read


class _Counter:
    """One file of the kernel's, kept open: it is read before and after every program."""

    def __init__(self, path, read, scale=1):
        self._read, self._scale = read, scale
        try:
            self._fd = os.open(f"{ROOT}/{path}", os.O_RDONLY)
        except OSError:
            self._fd = None

    def value(self):
        if self._fd is None:
            return None
        try:
            return self._read(os.pread(self._fd, READ_BYTES, 0)) * self._scale
        except (OSError, ValueError):
            return None


def _live_cpu_seconds(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _counters(version):
    if version == "v1":
        return (
            _Counter("cpuacct/cpuacct.usage", _number, 1e-9),
            _Counter("memory/memory.max_usage_in_bytes", _number),
            _Counter("memory/memory.oom_control", _field("oom_kill")),
            _Counter("pids/pids.events", _field("max")),
        )
    return (
        _Counter("cpu.stat", _field("usage_usec"), 1e-6),
        _Counter("memory.peak", _number),
        _Counter("memory.events", _field("oom_kill")),
        _Counter("pids.events", _field("max")),
    )


class Usage:
    """Counters that only grow; callers take differences."""

    def __init__(self, isolated, own_cpu_seconds):
        self._own_cpu_seconds = own_cpu_seconds
        self.watched = set()  # processes whose time is looked up one by one where no cgroup counts it
        self.version = None
        if isolated:
            self.version = "v2" if os.path.exists(f"{ROOT}/cgroup.controllers") else "v1"
            self._cpu, self._peak, self._oom, self._refused = _counters(self.version)

    def cpu_seconds(self):
        """Of every process in the sandbox, alive or dead, the agent's own taken away."""
        total = self._cpu.value() if self.version else None
        if total is not None:
            return max(0.0, total - self._own_cpu_seconds())
        times = os.times()
        return times.children_user + times.children_system + sum(map(_live_cpu_seconds, self.watched))

    def peak_memory_bytes(self):
        return self._peak.value() if self.version else None

    def oom_kills(self):
        return (self._oom.value() if self.version else 0) or 0

    def refused_forks(self):
        return (self._refused.value() if self.version else 0) or 0


def is_full(folder):
    """No block or no inode left there."""
    try:
        state = os.statvfs(folder)
    except OSError:
        return False
    return state.f_bfree == 0 or (state.f_files > 0 and state.f_ffree == 0)
