"""A file from standard input.

It has no name until all of it is there: if the task is killed before the end, nothing is left. Then it takes the place
of what was there, in one step.
"""

import os
import stat

import tasks
from tasks.entry import make_parents

READ_BYTES = 1 << 20
MODE = 0o644


def run(path: str, mode: "int | None" = None, size: int = 0) -> None:
    """`size`: so many bytes will come. It fails before it reads any where there is no room for them."""
    target = os.path.realpath(path)  # a link stays, and what it leads to is replaced
    make_parents(target)
    try:
        there = os.stat(target)
    except FileNotFoundError:
        there = None
    if there is not None and not stat.S_ISREG(there.st_mode):
        raise tasks.TaskError("not-a-file", "Only files can be written: this is a folder, a device, a socket or a FIFO")
    if mode is None:
        mode = MODE if there is None else stat.S_IMODE(there.st_mode)
    folder, name = os.path.split(target)
    if len(os.fsencode(name)) > os.pathconf(folder, "PC_NAME_MAX"):
        os.stat(target)  # says so
    room = os.statvfs(folder)
    if size > room.f_bavail * room.f_frsize:
        raise tasks.TaskError("disk-full", tasks.DISK_FULL)
    file = os.open(folder, os.O_WRONLY | os.O_TMPFILE | os.O_CLOEXEC, mode)
    while data := os.read(0, READ_BYTES):
        write_whole(file, data)
    os.fchmod(file, mode)
    give_name(file, folder, target)


def write_whole(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]


def give_name(file: int, folder: str, target: str) -> None:
    between = f"{folder}/.runnel-{os.getpid()}"
    # With a descriptor Python asks the kernel to follow the link, and without one not.
    os.link(f"/proc/self/fd/{file}", between, src_dir_fd=file, follow_symlinks=True)
    try:
        os.rename(between, target)
    except OSError:
        os.unlink(between)
        raise
