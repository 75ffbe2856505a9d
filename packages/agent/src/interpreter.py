"""Python programs that do not wait for Python to start: they are forked off an interpreter that has just started.

Process 1 of a Python sandbox runs the command of a job (`python3 -u main.py`). CPython imports `sitecustomize` last
before it looks at its script, and there (`start`) the process divides: into the agent, which never returns, and the
start server (start_server.py), whose copies become programs. Each of those

1. becomes the job's user,
2. waits at its start barrier,
3. takes its files and writes them,
4. returns: CPython goes on with main.py as in any start.

So everything that a program could look at is native, and one start-up serves the agent and all programs of the sandbox.

The pipes of a program:

    answer  ▶ "r": it waits
    barrier ◀ "g" and the files, then the end: start. Only the end: not needed, exit
    answer  ▶ "w": the files are written. Otherwise the reason why not, and the process exits

In this module and those that it imports, annotations of generic types are quoted: as objects they would be seen by a
program that lists what the garbage collector knows.
"""

import freeze  # isort: skip, before all that programs must not keep

import gc
import posix
import sys

import control
import files
import pages
import rehearsal
import rights
import start_server
import startup
import switches

WORKSPACE = "/workspace"
TRACES = (
    "_ctypes",
    "_socket",
    "control",
    "execute",
    "files",
    "freeze",
    "gc",
    "init",
    "interpreter",
    "libc",
    "pages",
    "rehearsal",
    "rights",
    "select",
    "start_server",
    "startup",
    "switches",
    "syscall_filter",
    "view",
)


#: Before anybody knows better, all memory that is in use.
_written_to = pages.find("self", pages.IN_USE) if switches.is_on("pages") else []


def start() -> None:
    """Returns in programs only."""
    end, server = start_server.start()
    if server:
        import supervisor
        from server import StartServer

        supervisor.run(StartServer(server, end, has_interpreter=True))
    has_customization = startup.has_customization()
    descriptors = start_server.serve(end, _fork_in_container, _rehearse)
    pages.copy(_written_to)
    _leave_no_trace()
    if not has_customization:
        startup.skip_customization()
    if descriptors:
        _wait_at_barrier(descriptors)


def _rehearse() -> bool:
    """Whether this is the process that rehearses."""
    global _written_to  # noqa: PLW0603
    if not switches.is_on("pages"):
        return False
    pid, pipe = rehearsal.start()
    if pid:
        _written_to = rehearsal.finish(pid, pipe)
    return pid == 0


def _fork_in_container(end: "control.Control", uid: int) -> bool:
    """Whether this is the new process. It is a child of process 1, because its own parent has ended."""
    between = posix.fork()
    if between:
        posix.waitpid(between, 0)
        end.send(b"=")
        return False
    pid = posix.fork()
    if pid:
        end.send(b"=%d" % pid)
        posix._exit(0)
    end.close()
    posix.setsid()
    # Before the change of user, because root must write it.
    rights.die_of_memory_first()
    rights.set_user(uid, [uid])  # the group as well, as Docker does for a container of that user
    rights.show_itself()
    posix.umask(0o022)
    return True


def _leave_no_trace() -> None:
    """Removes what only the way here needed. Types of an extension hold each other, so it takes the collector."""
    global control, pages, rehearsal, rights, start_server, switches  # noqa: PLW0603
    del control, pages, rehearsal, rights, start_server, switches
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
