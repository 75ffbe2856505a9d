"""What a program of a cell sees of the file system: made by process 1 of its namespaces, with all rights over those and
none over anything else.

    /             the container's, read-only
    /etc          the container's, read-only: the agent has filled it
    /workspace, /tmp, /dev/shm     in memory, new, limited in bytes and files
    /home/user, /mnt/data          only in a sandbox that lasts: they share the room of /workspace
    /dev          the container's devices, read-only: nobody can change what the next program sees
    /dev/pts      new, with a bound: the kernel has one number of terminals for everybody
    /dev/mqueue   of the new namespace
    /proc         new. What says something of the machine or of its users is empty, what changes the kernel is read-only

The paths are those that Docker hides and protects, and a few more.
"""

import posix

import libc

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1 << 5, 1 << 12, 1 << 14, 1 << 18
#: A user namespace cannot take these away from what it was given.
_LOCKED = MS_NOSUID | MS_NODEV | MS_NOEXEC

#: The folders that share the room for files.
WORKSPACE_ONLY = ("/workspace",)
OF_LASTING = ("/home/user", "/mnt/data", "/workspace")

MIB = 1 << 20
INODES_PER_MIB, MINIMUM_INODES = 128, 2048
SHARED_MEMORY_BYTES = 16 * MIB
MOST_TERMINALS = 32
#: The group `tty` of every Linux.
TERMINAL_GROUP = 5

EMPTY_FOLDERS = (
    "/proc/acpi",
    "/proc/asound",
    "/proc/pressure",
    "/proc/scsi",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
)
EMPTY_FILES = (
    "/proc/cmdline",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/key-users",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/softirqs",
    "/proc/timer_list",
    "/proc/timer_stats",
)
READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
#: Of a fresh network namespace. Its own buffers take 33 MiB, and with control groups v1 what waits in them is nobody's
#: memory. As in a plain container every port may be listened on.
NETWORK = (
    ("tcp_rmem", b"4096 65536 131072"),
    ("tcp_wmem", b"4096 16384 65536"),
    ("ip_unprivileged_port_start", b"0"),
)

_mount = libc.find("mount")


def build(disk_bytes: int, uid: int, folders: "tuple[str, ...]") -> None:
    """`uid`: the program's, which owns these folders. Nobody can make them here: the image has them."""
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    for name, value in NETWORK:
        _write(f"/proc/sys/net/ipv4/{name}", value)
    for path in EMPTY_FOLDERS:
        if _is_there(path):
            mount("tmpfs", path, "tmpfs", MS_RDONLY)
    for path in EMPTY_FILES:
        if _is_there(path):
            mount("/dev/null", path, None, MS_BIND)
    for path in READ_ONLY:
        if _is_there(path):
            mount(path, path, None, MS_BIND | MS_REC)
            mount(None, path, None, MS_BIND | MS_REMOUNT | MS_RDONLY | _LOCKED)
    mount(None, "/etc", None, MS_BIND | MS_REMOUNT | MS_RDONLY | _LOCKED)
    mount(None, "/dev", None, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID)
    terminals = f"newinstance,ptmxmode=0666,mode=0620,gid={TERMINAL_GROUP},max={MOST_TERMINALS}"
    mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, terminals)
    mount("mqueue", "/dev/mqueue", "mqueue", _LOCKED)
    _mount_memory("/dev/shm", SHARED_MEMORY_BYTES, _LOCKED, "mode=1777")
    _mount_memory("/tmp", -(-disk_bytes // 4), MS_NOSUID | MS_NODEV, "mode=1777")
    first, *others = folders
    _mount_memory(first, disk_bytes, MS_NOSUID | MS_NODEV, f"mode=0755,uid={uid},gid={uid}")
    if others:
        _share(first, others, uid)


def mount(source: "str | None", target: str, kind: "str | None", flags: int, data: "str | None" = None) -> None:
    """Raises OSError that names the target."""
    try:
        libc.call(_mount, _encode(source), target.encode(), _encode(kind), flags, _encode(data))
    except OSError as error:
        raise OSError(error.errno, error.strerror, target) from None


def _mount_memory(target: str, size: int, flags: int, options: str) -> None:
    inodes = max(MINIMUM_INODES, round(size / MIB) * INODES_PER_MIB)
    mount("tmpfs", target, "tmpfs", flags, f"size={size},nr_inodes={inodes},{options}")


def _share(first: str, others: "list[str]", uid: int) -> None:
    """Each of them, and `first` as well, becomes a folder of the file system that is mounted at `first`."""
    for place, target in enumerate([*others, first]):
        part = f"{first}/{place}"
        posix.mkdir(part, 0o755)
        posix.chown(part, uid, uid)
        mount(part, target, None, MS_BIND)


def _encode(text: "str | None") -> "bytes | None":
    return None if text is None else text.encode()


def _is_there(path: str) -> bool:
    try:
        posix.stat(path)
    except OSError:
        return False
    return True


def _write(path: str, value: bytes) -> None:
    file = posix.open(path, posix.O_WRONLY)
    try:
        posix.write(file, value)
    finally:
        posix.close(file)
