"""Removes what a job leaves before the next one comes, in sandboxes that serve one tenant's jobs one after another.

1. Its processes: those that are left are killed by a process that has become the job's user, until there are none.
2. Its files: the agent removes them as the job's user, because only the owner can open what was closed to everyone.
3. The rest is only looked for: shared memory and queues of the kernel's, connections that it still winds up,
   terminals, attributes of the workspace. A sandbox in which something outlives its processes is not used again.

No uid is used twice in a container, so what this misses belongs to no later program.
"""

from __future__ import annotations

import fcntl
import os

WRITABLE = ("/tmp", "/dev/shm", "/dev/mqueue")
#: Tables of things that have no process: a line for each, below a headline.
TABLES = ("/proc/sysvipc/shm", "/proc/sysvipc/sem", "/proc/sysvipc/msg")
#: How many connections there are, and how many more the kernel still winds up. Not /proc/net/tcp: to read that takes
#: milliseconds, because the kernel looks through the connections of the whole host.
SOCKETS = ("/proc/net/sockstat", "/proc/net/sockstat6")
#: Each open terminal has a file here, beside the one that makes them.
TERMINALS, MAKER = "/dev/pts", "ptmx"
FS_IOC_GETFLAGS = 0x80086601


def has_processes(but: tuple[int, ...]) -> bool:
    """Whether there is any process in this container but these. A dead one counts until somebody has waited for it."""
    return any(name.isdigit() and int(name) not in but for name in os.listdir("/proc"))


def remove_files(uid: int, workspace: str) -> None:
    """When no process of that user is left. Only the effective user changes, so that nobody can signal us and we can
    change back."""
    os.seteuid(uid)
    try:
        for folder in (workspace, *WRITABLE):
            if not is_empty(folder):
                empty(folder)
    finally:
        os.seteuid(0)
        os.chdir("/")


def is_empty(folder: str) -> bool:
    """Each is a file system of its own. One in memory counts its files, its root included, so it need not be read."""
    try:
        state = os.statvfs(folder)
    except FileNotFoundError:
        return True
    return state.f_files - state.f_ffree == 1 if state.f_files else not os.listdir(folder)


def empty(folder: str) -> None:
    """Step by step down and up again, so that no path is too deep. No process is left that could move a folder."""
    os.chdir(folder)
    trail: list[bytes] = []
    while True:
        inner = _remove_here()
        if inner is not None:
            os.chmod(inner, 0o700)
            os.chdir(inner)
            trail.append(inner)
        elif trail:
            os.chdir("..")
            os.rmdir(trail.pop())
        else:
            return


def _remove_here() -> bytes | None:
    """Removes the files of this folder; returns a folder that is in it."""
    with os.scandir(b".") as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                return entry.name
            os.unlink(entry.name)
    return None


def is_as_new(workspace: str) -> bool:
    """Once the workspace belongs to us: whether the last job left nothing at all."""
    return (
        all(map(is_empty, (workspace, *WRITABLE)))
        and not os.listxattr(workspace)
        and not _flags(workspace)
        and all(_read(table).count(b"\n") <= 1 for table in TABLES)
        and os.listdir(TERMINALS) == [MAKER]
        and not any(has_connections(_read(table)) for table in SOCKETS)
    )


def _flags(folder: str) -> int:
    fd = os.open(folder, os.O_RDONLY)
    try:
        return int.from_bytes(fcntl.ioctl(fd, FS_IOC_GETFLAGS, bytes(8))[:4], "little")
    except OSError:
        return 0  # this file system, or this kernel, has no flags
    finally:
        os.close(fd)


def has_connections(table: bytes) -> bool:
    """`TCP: inuse 0 orphan 0 tw 0 …`. Orphans are counted over the whole host; those of ours are in use as well."""
    for line in table.splitlines():
        name, *fields = line.split()
        counts = dict(zip(fields[::2], fields[1::2], strict=False))
        if name in (b"TCP:", b"TCP6:") and (counts.get(b"inuse") != b"0" or counts.get(b"tw", b"0") != b"0"):
            return True
    return False


def _read(path: str) -> bytes:
    """Nothing where the kernel has no such table."""
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read()
    except FileNotFoundError:
        return b""
