"""The processes that belong to a command: its session, all that descend from it, and all that bear its mark.

The mark finds those that have left the session and whose parents have died. It is a limit that means nothing here (of
the time that a process of the kernel's real-time class may run without a pause; programs are not in that class). Every
new process has the limits of its parent, whatever else it leaves behind. A program could lower it and so leave its
command: then it is a background process of the sandbox.
"""

import posix
import sys

import rights

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from typing import TypeAlias

    #: Parent, session, processor time with that of the children it has waited for, in ticks of the kernel.
    Seen: TypeAlias = tuple[int, int, int]
else:
    import _signal as signal

TICKS_PER_SECOND = posix.sysconf("SC_CLK_TCK") if sys.platform == "linux" else 100
#: Programs may wake each other up. Who is not stopped after so many rounds escapes, and is a background process.
MOST_ROUNDS = 64
STAT_BYTES, LIMITS_BYTES = 1024, 4096
LIMIT_LINE = b"\nMax realtime timeout "
#: No program sets a limit of a hundred thousand years.
FIRST_MARK = 1 << 62


def mark(number: int) -> None:
    """This process, and all that it will start, as those of the command of this number."""
    rights.limit_realtime(FIRST_MARK + number)


def find(leader: int, number: int) -> "dict[int, Seen]":
    """Of the command of this number whose main process is or was `leader`."""
    everyone = _read_all()
    wanted = b"%d" % (FIRST_MARK + number)
    found = {pid: seen for pid, seen in everyone.items() if leader in (pid, seen[1]) or _read_limit(pid) == wanted}
    grows = True
    while grows:
        more = {pid: seen for pid, seen in everyone.items() if seen[0] in found and pid not in found}
        found.update(more)
        grows = bool(more)
    return found


def cpu_ms(leader: int, number: int) -> float:
    return sum(seen[2] for seen in find(leader, number).values()) * 1000 / TICKS_PER_SECOND


def kill(leader: int, number: int) -> None:
    """First stops them, because a process that is stopped starts no others."""
    stopped: set[int] = set()
    for _ in range(MOST_ROUNDS):
        new = find(leader, number).keys() - stopped
        if not new:
            break
        for pid in new:
            _send(pid, signal.SIGSTOP)
        stopped |= new
    for pid in find(leader, number).keys() | stopped:
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
    # The name of the program may hold anything, also a bracket.
    fields = _read_file(f"/proc/{name}/stat", STAT_BYTES).rpartition(b")")[2].split()
    return (int(fields[1]), int(fields[3]), sum(map(int, fields[11:15]))) if fields else None


def _read_limit(pid: int) -> bytes:
    """How the kernel shows the limit."""
    line = _read_file(f"/proc/{pid}/limits", LIMITS_BYTES).partition(LIMIT_LINE)[2]
    return line.split(None, 1)[0] if line else b""


def _read_file(path: str, size: int) -> bytes:
    """Nothing where the process has ended."""
    try:
        file = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return posix.read(file, size)
    except OSError:
        return b""
    finally:
        posix.close(file)
