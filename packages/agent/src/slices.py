"""How soon a program gives way to those who carry its words: the agent, the engine, the worker.

A time slice is how long a process may go on while others wait. A program with a long one gets no more of the processor
and no less, but whoever has a shorter one, as everybody has by default, need not wait for the rest of it when woken:
without that, a third of all first words waited 3 ms, on two processors, for the program to come to its end.
"""

import posix

import _ctypes

SLICE_NANOSECONDS = 10_000_000  # the default is about 3 ms; the longest, 100 ms, a program's own threads would notice
SIZE_OF_ATTRIBUTES = 48
#: Linux 6.12 on; an older one ignores it.
SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}.get(posix.uname().machine)

_syscall = _ctypes.dlsym(_ctypes.dlopen(None, 2), "syscall")


def lengthen():
    """Of this process, and of what it starts. Where the kernel knows no such thing all is as it was."""
    if SCHED_SETATTR is not None:
        size, slice_ = SIZE_OF_ATTRIBUTES.to_bytes(4, "little"), SLICE_NANOSECONDS.to_bytes(8, "little")
        _ctypes.call_function(_syscall, (SCHED_SETATTR, 0, size + bytes(20) + slice_ + bytes(16), 0))
