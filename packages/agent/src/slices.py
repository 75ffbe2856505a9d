"""A trick: a program gives way sooner to the processes that carry its output: the agent, the engine, the worker.

A time slice is how long a process may go on while others wait. A program with a long slice gets as much of the
processor as before, but a process with a shorter one, the default, need not wait for the rest of it when it wakes up.
Without that, a third of all first outputs waited 3 ms, on two processors, for the program to end.

Switch: `slices`.
"""

import posix

import libc
import switches

SLICE_NANOSECONDS = 10_000_000  # the default is about 3 ms; a program's own threads would notice the longest, 100 ms
SIZE_OF_ATTRIBUTES = 48
#: Linux 6.12 on; an older one ignores it.
SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}.get(posix.uname().machine)

_syscall = libc.find("syscall")


def lengthen() -> None:
    """Of this process, and of those that it starts. Where the kernel has no such call nothing happens."""
    if SCHED_SETATTR is None or not switches.is_on("slices"):
        return
    size, slice_ = SIZE_OF_ATTRIBUTES.to_bytes(4, "little"), SLICE_NANOSECONDS.to_bytes(8, "little")
    libc.call(_syscall, SCHED_SETATTR, 0, size + bytes(20) + slice_ + bytes(16), 0)
