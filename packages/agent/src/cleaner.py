"""What a job leaves, gone before the next one comes: for sandboxes that serve one tenant's jobs one after another.

    its processes  ── those left are killed by one that has become the job's user ──▶  none
    its files      ── removed by the agent, as the job's user: only the owner can open what was closed to everyone
    the rest       ── looked for; a sandbox in which something outlives its processes is not used again

The rest is shared memory and queues of the kernel's, connections that it still winds up, attributes of the workspace.
Nothing of that is repaired. No uid is ever used twice in a container, so what were overlooked would belong to nobody.
"""

import fcntl
import os

WRITABLE = ("/tmp", "/dev/shm", "/dev/mqueue")
#: Tables of things that have no process: a line for each, below a headline.
TABLES = ("/proc/sysvipc/shm", "/proc/sysvipc/sem", "/proc/sysvipc/msg")
#: How many connections there are, and how many more the kernel still winds up. Not /proc/net/tcp: to read that takes
#: milliseconds, as the kernel looks through the connections of the whole host.
SOCKETS = ("/proc/net/sockstat", "/proc/net/sockstat6")
FS_IOC_GETFLAGS = 0x80086601

_open_files = {}


def has_processes(but):
    """Whether there is any process in this container but these. One that has died counts until it is buried."""
    return any(name.isdigit() and int(name) not in but for name in os.listdir("/proc"))


def remove_files(uid, workspace):
    """With nobody left of that user. Only the effective user changes: nobody can signal us for it, and we come back."""
    os.seteuid(uid)
    try:
        for folder in (workspace, *WRITABLE):
            if not _is_empty(folder):
                _empty(folder)
    finally:
        os.seteuid(0)
        os.chdir("/")


def _is_empty(folder):
    """Each is a file system of its own. One that counts its files, as those in memory do, need not be read: it has its root."""
    try:
        state = os.statvfs(folder)
    except FileNotFoundError:
        return True
    return state.f_files - state.f_ffree == 1 if state.f_files else not os.listdir(folder)


def _empty(folder):
    """Step by step down and up again: no path is too deep, and nobody is left to move a folder under our feet."""
    os.chdir(folder)
    trail = []
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


def _remove_here():
    """The files of this folder; returns a folder that is in it."""
    with os.scandir(b".") as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                return entry.name
            os.unlink(entry.name)
    return None


def is_as_new(workspace):
    """Once the workspace belongs to us: whether the last job left nothing at all."""
    return (
        all(map(_is_empty, (workspace, *WRITABLE)))
        and not os.listxattr(workspace)
        and not _flags(workspace)
        and all(_read(table).count(b"\n") <= 1 for table in TABLES)
        and not any(map(_has_connections, SOCKETS))
    )


def _flags(folder):
    fd = os.open(folder, os.O_RDONLY)
    try:
        return int.from_bytes(fcntl.ioctl(fd, FS_IOC_GETFLAGS, bytes(8))[:4], "little")
    except OSError:
        return 0  # a file system, or a kernel, that knows none
    finally:
        os.close(fd)


def _has_connections(path):
    """`TCP: inuse 0 orphan 0 tw 0 …`. Orphans are counted over the whole host; those of ours are in use as well."""
    for line in _read(path).splitlines():
        name, *fields = line.split()
        counts = dict(zip(fields[::2], fields[1::2]))
        if name in (b"TCP:", b"TCP6:") and (counts.get(b"inuse") != b"0" or counts.get(b"tw", b"0") != b"0"):
            return True
    return False


def _read(path):
    """Kept open, for it is asked after every job. Nothing where the kernel has no such thing."""
    if path not in _open_files:
        try:
            _open_files[path] = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            _open_files[path] = None
    fd = _open_files[path]
    return b"" if fd is None else os.pread(fd, 4096, 0)
