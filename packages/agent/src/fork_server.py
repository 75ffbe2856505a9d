"""Python programs that do not wait for Python to start: they are forked off an interpreter that has just started.

Process 1 of a Python sandbox runs the command of a job (`python3 -u main.py`). CPython imports `sitecustomize` last
before it looks at its script, and there (`start`) the process divides:

    process 1 ──▶ the agent: imports what it needs and never returns
        └─ fork ─▶ the fork server: root, imports nothing more, waits for requests of the agent
                      └─ fork, fork ─▶ a program: a child of process 1, because its own parent has ended. It
                                       1. becomes the job's user,
                                       2. waits at its start barrier,
                                       3. takes its files and writes them,
                                       4. returns: CPython goes on with main.py as in any start.

So everything that a program could look at is native, and one start-up serves the agent and all programs of the sandbox.

The socket between agent and server, a message a line:

    ◀── uid, "+" if nobody waits for it, and 5 descriptors: stdin, stdout, stderr, barrier, answer
    ──▶ pid
    ──▶ "." when its own parent has ended, so that it is a child of process 1

The pipes of a program:

    answer  ▶ "r": it waits
    barrier ◀ "g" and the files, then the end: start. Only the end: not needed, exit
    answer  ▶ "w": the files are written. Otherwise the reason why not, and the process exits

A process that changes its user still belongs to root in the kernel's eyes (/proc/self/environ cannot be read) until it
executes something or asks for the change: PR_SET_DUMPABLE, which Python reaches only through ctypes.

In this module and those that it imports, annotations of generic types are quoted: as objects they would be seen by a
program that lists what the garbage collector knows.
"""

import freeze  # isort: skip, before all that programs must not keep

import _socket
import gc
import posix
import sys

import files
import libc
import pages
import startup

WORKSPACE = "/workspace"
PR_SET_DUMPABLE = 4
DESCRIPTORS = 5
BYTES_OF_INT = 4
TRACES = (
    "_ctypes",
    "_socket",
    "files",
    "fork_server",
    "freeze",
    "gc",
    "libc",
    "pages",
    "startup",
    "switches",
)

_prctl = libc.find("prctl")


def start() -> None:
    """Returns in programs only."""
    agents_end, end = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET, 0)
    pid = posix.fork()
    if pid:
        end.close()
        import agent
        from server import ForkServer

        agent.run(ForkServer(pid, agents_end))
    agents_end.close()
    _serve(end)


def _serve(end: "_socket.socket") -> None:
    has_customization = startup.has_customization()
    while True:
        uid, is_ahead, descriptors = _receive(end)
        between = posix.fork()
        if between == 0:
            pid = posix.fork()
            if pid:
                end.send(b"%d" % pid)
                posix._exit(0)
            end.close()
            _become(uid)
            if is_ahead:
                pages.own_all()
            _leave_no_trace()
            if not has_customization:
                startup.skip_customization()
            _wait_at_barrier(descriptors)
            return
        for fd in descriptors:
            posix.close(fd)
        posix.waitpid(between, 0)
        end.send(b".")


def _receive(end: "_socket.socket") -> "tuple[int, bool, list[int]]":
    space = _socket.CMSG_SPACE(DESCRIPTORS * BYTES_OF_INT)
    request, ancillary, _, _ = end.recvmsg(16, space, _socket.MSG_CMSG_CLOEXEC)
    if not request:
        posix._exit(0)
    [(_, _, data)] = ancillary
    places = range(0, DESCRIPTORS * BYTES_OF_INT, BYTES_OF_INT)
    descriptors = [int.from_bytes(data[at : at + BYTES_OF_INT], sys.byteorder) for at in places]
    return int(request.rstrip(b"+")), request.endswith(b"+"), descriptors


def _become(uid: int) -> None:
    posix.setsid()
    # Before the change of user, because root must write it. The program dies of memory before the agent.
    score = posix.open("/proc/self/oom_score_adj", posix.O_WRONLY)
    posix.write(score, b"1000")
    posix.close(score)
    posix.setgroups([uid])  # as Docker itself does for a container of that user
    posix.setresgid(uid, uid, uid)
    posix.setresuid(uid, uid, uid)
    libc.call(_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0)
    posix.umask(0o022)


def _leave_no_trace() -> None:
    """Removes what only the way here needed. Types of an extension hold each other, so it takes the collector."""
    global _socket, libc, pages  # noqa: PLW0603
    del _socket, libc, pages
    for name in TRACES:
        sys.modules.pop(name, None)
    gc.collect()


def _wait_at_barrier(descriptors: "list[int]") -> None:
    *streams, barrier, answer = descriptors
    for place, fd in enumerate(streams):
        posix.dup2(fd, place)
        posix.close(fd)
    script = f"{WORKSPACE}/{sys.orig_argv[-1]}"
    startup.expect_no_archive(script)
    posix.write(answer, b"r")
    request = files.read_to_end(barrier)
    posix.close(barrier)
    if not request:
        posix._exit(0)
    freeze.undo_where_mentioned(request)
    startup.look_again_where_marked(script, request)
    fault = files.write_all(request[1:], WORKSPACE)
    posix.write(answer, fault.encode() or b"w")
    if fault:
        posix._exit(1)
    posix.close(answer)
