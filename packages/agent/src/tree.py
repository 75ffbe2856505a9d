"""The processes that belong to a command: its session, and all that descend from it.

One that has left the session and whose parent has died belongs to nobody: it is a background process of the sandbox.
So who is going to end a command marks its tree first, and then those are ended too whose parents die meanwhile.
"""

import posix
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from typing import TypeAlias

    #: Parent, session, processor time with that of the children it has waited for, when it started: in ticks of the
    #: kernel. A number and a start are one process only.
    Seen: TypeAlias = tuple[int, int, int, int]
    Mark: TypeAlias = set[tuple[int, int]]
else:
    import _signal as signal

TICKS_PER_SECOND = posix.sysconf("SC_CLK_TCK") if sys.platform == "linux" else 100
#: Programs may wake each other up. Who is not stopped after so many rounds escapes, and is a background process.
MOST_ROUNDS = 64
STAT_BYTES = 1024


def find(leader: int, marked: "Mark | None" = None) -> "dict[int, Seen]":
    """Of the command whose main process is or was `leader`."""
    everyone = _read_all()
    found = {
        pid: seen
        for pid, seen in everyone.items()
        if leader in (pid, seen[1]) or (marked is not None and (pid, seen[3]) in marked)
    }
    grows = True
    while grows:
        more = {pid: seen for pid, seen in everyone.items() if seen[0] in found and pid not in found}
        found.update(more)
        grows = bool(more)
    return found


def cpu_ms(leader: int) -> float:
    return sum(seen[2] for seen in find(leader).values()) * 1000 / TICKS_PER_SECOND


def mark(leader: int) -> "Mark":
    return {(pid, seen[3]) for pid, seen in find(leader).items()}


def kill(leader: int, marked: "Mark") -> None:
    """First stops them, because a process that is stopped starts no others."""
    stopped: set[int] = set()
    for _ in range(MOST_ROUNDS):
        new = find(leader, marked).keys() - stopped
        if not new:
            break
        for pid in new:
            _send(pid, signal.SIGSTOP)
        stopped |= new
    for pid in find(leader, marked).keys() | stopped:
        _send(pid, signal.SIGKILL)


def _send(pid: int, number: int) -> None:
    try:
        posix.kill(pid, number)
    except ProcessLookupError:
        pass


def _read_all() -> "dict[int, Seen]":
    """Process 1 itself is not among them: it is nobody's."""
    everyone: dict[int, Seen] = {}
    for name in posix.listdir("/proc"):
        if name.isdigit() and name != "1":
            seen = _read(name)
            if seen is not None:
                everyone[int(name)] = seen
    return everyone


def _read(name: str) -> "Seen | None":
    try:
        file = posix.open(f"/proc/{name}/stat", posix.O_RDONLY | posix.O_CLOEXEC)
    except OSError:
        return None
    try:
        # The name of the program may hold anything, also a bracket.
        fields = posix.read(file, STAT_BYTES).rpartition(b")")[2].split()
    except OSError:
        return None
    finally:
        posix.close(file)
    return int(fields[1]), int(fields[3]), sum(map(int, fields[11:15])), int(fields[19])
