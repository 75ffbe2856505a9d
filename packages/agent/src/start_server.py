"""Makes the processes that programs run in. It is forked off the agent before that knows or imports much, so what it
forks is small and holds nothing of the agent's.

    process 1 ──▶ the agent
        └─ fork ─▶ the start server: waits for requests of the agent
                      └─ clone ─▶ process 1 of new namespaces (init.py): a child of the agent's
                                     └─ a program

In Python's image its copies can become programs themselves (interpreter.py), in containers without namespaces of their
own as well.

    ──▶ user       becomes that user, which is not root          ◀── =
    ──▶ place      a socket for init; whether it lasts           ◀── =pid, or ! and the number of the error
    ──▶ program    user, 5 descriptors: interpreter.py           ◀── =pid
"""

import marshal
import posix
import sys

import control
import init
import libc
import rights
import syscall_filter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

SIGCHLD = 17
CLONE_PARENT = 0x8000
CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWIPC = 0x10000000, 0x20000, 0x20000000, 0x8000000
CLONE_NEWNET, CLONE_NEWUTS, CLONE_NEWCGROUP = 0x40000000, 0x4000000, 0x2000000
NEW_NAMESPACES = (
    CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWCGROUP
)
CLONE_NUMBERS = {"x86_64": 56, "aarch64": 220}

_syscall = libc.find("syscall")


def start() -> "tuple[control.Control, int]":
    """Divides this process. Returns in both: the agent gets the process id of the server, the server 0."""
    agents_end, end = control.pair()
    pid = posix.fork()
    if pid:
        end.close()
        return agents_end, pid
    agents_end.close()
    return end, 0


def serve(
    end: control.Control,
    fork_program: "Callable[[control.Control, int], bool] | None" = None,
    rehearse: "Callable[[], bool] | None" = None,
) -> "list[int]":
    """Returns only in processes that become programs: their descriptors.
    `fork_program` makes one in a container without namespaces of its own, `rehearse` one that serves nobody, once in a
    cell. Both return whether this is the new one."""
    number = CLONE_NUMBERS[posix.uname().machine]
    program_filter = syscall_filter.SyscallFilter()
    while True:
        request, descriptors = _receive(end)
        name = request[0]
        if name == "user":
            rights.become_agent(request[1])
            end.send(b"=")
            if rehearse is not None and rehearse():
                return descriptors
        elif name == "place":
            try:
                pid = libc.call(_syscall, number, NEW_NAMESPACES | CLONE_PARENT | SIGCHLD, 0, 0, 0, 0)
            except OSError as error:
                end.send(b"!%d" % error.errno)
            else:
                if pid == 0:
                    end.close()
                    return _be_init(descriptors[0], program_filter, lasts=request[1])
                end.send(b"=%d" % pid)
        elif fork_program is not None and fork_program(end, request[1]):
            return descriptors
        for fd in descriptors:
            posix.close(fd)


def _receive(end: control.Control) -> "tuple[tuple[Any, ...], list[int]]":
    try:
        content, descriptors = end.receive()
    except control.ClosedError:
        posix._exit(0)
    return marshal.loads(content), descriptors


def _be_init(fd: int, program_filter: syscall_filter.SyscallFilter, *, lasts: bool) -> "list[int]":
    # The connection to the worker is nobody's but the agent's.
    null = posix.open(init.NULL, posix.O_RDWR)
    for place in (0, 1):
        posix.dup2(null, place)
    posix.close(null)
    try:
        if lasts:
            from lasting_init import LastingInit as Init  # only here: most places are for one program
        else:
            from init import Init
        return Init(control.from_descriptor(fd), program_filter).serve()
    except control.ClosedError:
        posix._exit(0)
    except BaseException as error:  # noqa: BLE001 no fault may lead out of here
        sys.excepthook(type(error), error, error.__traceback__)
        posix._exit(1)
