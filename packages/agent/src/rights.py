"""What a process may do: users, capabilities, limits. The kernel's numbers are those of its headers."""

import posix
import sys

import libc

CHOWN, KILL, SETGID, SETUID = 0, 5, 6, 7
LAST_CAPABILITY = 63
PR_SET_DUMPABLE, PR_SET_KEEPCAPS, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 4, 8, 24, 38
CAPABILITY_VERSION = 0x20080522
RLIMIT_FSIZE, RLIMIT_NPROC, RLIMIT_RTTIME = 1, 6, 15

_prctl = libc.find("prctl")
_capset = libc.find("capset")
_setrlimit = libc.find("setrlimit")


def set_user(uid: int, groups: "list[int]") -> None:
    posix.setgroups(groups)
    posix.setresgid(uid, uid, uid)
    posix.setresuid(uid, uid, uid)


def become_agent(uid: int) -> None:
    """From root to a user that only this container has, with the four capabilities that an agent needs. The process
    stays its own in the eyes of /proc."""
    libc.call(_prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0)
    set_user(uid, [])
    keep_capabilities(CHOWN, KILL, SETGID, SETUID)
    show_itself()


def keep_capabilities(*kept: int) -> None:
    """Of those that it has; it loses all others for good."""
    bits = sum(1 << capability for capability in kept)
    header = CAPABILITY_VERSION.to_bytes(4, sys.byteorder) + bytes(4)
    low = bits.to_bytes(4, sys.byteorder)
    libc.call(_capset, header, low + low + bytes(16))


def empty_bounding_set() -> None:
    """No program that is executed from here on gets any capability."""
    for capability in range(LAST_CAPABILITY):
        try:
            libc.call(_prctl, PR_CAPBSET_DROP, capability, 0, 0, 0)
        except OSError:
            return  # the kernel has no more


def gain_no_more() -> None:
    libc.call(_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def show_itself() -> None:
    """A process that changes its user without executing anything still belongs to root in /proc. Now to its user."""
    libc.call(_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0)


def limit_file_size(size: int) -> None:
    _set_limit(RLIMIT_FSIZE, size)


def limit_processes(count: int) -> None:
    """Of this process's user. It holds for what this process starts."""
    _set_limit(RLIMIT_NPROC, count)


def limit_realtime(microseconds: int) -> None:
    """For processes of the kernel's real-time class, which none is here. It holds for what this process starts, too."""
    _set_limit(RLIMIT_RTTIME, microseconds)


def _set_limit(which: int, value: int) -> None:
    both = value.to_bytes(8, sys.byteorder)
    libc.call(_setrlimit, which, both + both)


def die_of_memory_first() -> None:
    """When memory runs out, the kernel takes this process before the agent. Only a process that shows itself can say
    so."""
    score = posix.open("/proc/self/oom_score_adj", posix.O_WRONLY)
    posix.write(score, b"1000")
    posix.close(score)
