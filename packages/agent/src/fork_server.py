"""Python programs that need not wait for Python to start: forked off an interpreter that has just started.

Process 1 of a Python sandbox is the very command a job is (`python3 -u main.py`). CPython imports `sitecustomize` last
thing before it looks at its script, and there (`begin`) the process divides:

    process 1 ──▶ the agent: imports what it needs and never comes back
        └─ fork ─▶ the fork server: root, has imported nothing more, waits for the agent's word
                      └─ fork, fork ─▶ a program: a child of process 1, since its own parent has ended; becomes the
                                       job's user, waits at its barrier, takes its files, writes them, and returns:
                                       CPython goes on with main.py as if nothing had been

So everything a program could ask about is native, and one start-up serves the agent and every program of the sandbox.

The socket between agent and server, a message a line:

    ◀── uid, "+" if nobody waits for it, and 5 descriptors: stdin, stdout, stderr, barrier, answer
    ──▶ pid
    ──▶ "." when its own parent has ended, and it is a child of process 1

The program's own pipes:  answer ▶ "r" it waits;  barrier ◀ "g" and its files, then the end: go. Just the end: never
needed. After that answer ▶ "w": they are written; else why not, and the end of the process.

A process that changes its user belongs, to the kernel's mind, to root still (/proc/self/environ cannot be read) until
it executes something or asks for it: PR_SET_DUMPABLE, for which Python has no word of its own but ctypes.

Every page that a forked process writes to is first copied for it: 700 times for a program that prints a number, 1.2 ms
of its time here. Where nobody waits yet the kernel is asked to do that ahead, all at once.

What Python itself made at its start is set apart from the garbage collector (`gc.freeze`), which would look at ten
thousand objects twice while a program ends: half of the time that an end takes. Modules are kept alive until Python
clears them, so that what a program hangs on one of those is let go as well; the code of functions, on which nothing can
be hung, is never let go at all. For a program that mentions what could tell
the difference, the collector itself or the order in which things are let go, all is as it would be without.

Start-up would go on with two questions to which the answer is known, 0.6 ms of the 1.7 that a program takes from its barrier
to its first word: whether there is a `usercustomize`, which is nowhere where programs cannot write, and whether the script
is an archive. The server has looked for the first, and what looking leaves in Python's caches is there; the
second is left to Python only where something in the job's files looks like the end of an archive.
"""

import gc
import sys

_kept = list(sys.modules.values())
_kept += [thing.__code__ for thing in gc.get_objects() if type(thing) is type(lambda: 0)]
_kept.append(_kept)
del _kept
gc.freeze()

import posix
import site

import _ctypes
import _frozen_importlib
import _socket
import files
import pages
import slices

WORKSPACE = "/workspace"
PR_SET_DUMPABLE = 4
DESCRIPTORS = 5
BYTES_OF_INT = 4
#: Every zip archive ends with it, whatever it begins with.
ARCHIVE_MARK = b"PK\x05\x06"
MENTIONS = (b"gc", b"__del__", b"weakref")
TRACES = ("_ctypes", "_socket", "files", "fork_server", "gc", "pages", "slices")

_prctl = _ctypes.dlsym(_ctypes.dlopen(None, 2), "prctl")


def begin():
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


def _serve(end):
    has_customization = _frozen_importlib._find_spec("usercustomize", None) is not None
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
            if site.ENABLE_USER_SITE and not has_customization:
                _skip_customization()
            _wait_at_barrier(descriptors)
            return
        for fd in descriptors:
            posix.close(fd)
        posix.waitpid(between, 0)
        end.send(b".")


def _receive(end):
    space = _socket.CMSG_SPACE(DESCRIPTORS * BYTES_OF_INT)
    word, ancillary, _, _ = end.recvmsg(16, space, _socket.MSG_CMSG_CLOEXEC)
    if not word:
        posix._exit(0)
    [(_, _, data)] = ancillary
    places = range(0, DESCRIPTORS * BYTES_OF_INT, BYTES_OF_INT)
    return int(word.rstrip(b"+")), word.endswith(b"+"), [int.from_bytes(data[at : at + BYTES_OF_INT], sys.byteorder) for at in places]


def _become(uid):
    posix.setsid()
    # Before the change of user, for it is root's to write. The program dies of memory before the agent.
    score = posix.open("/proc/self/oom_score_adj", posix.O_WRONLY)
    posix.write(score, b"1000")
    posix.close(score)
    posix.setgroups([uid])  # as Docker itself does for a container of that user
    posix.setresgid(uid, uid, uid)
    posix.setresuid(uid, uid, uid)
    _ctypes.call_function(_prctl, (PR_SET_DUMPABLE, 1, 0, 0, 0))
    posix.umask(0o022)
    slices.lengthen()


def _leave_no_trace():
    """What only the way here needed. Types of an extension hold each other, so it takes the collector to let them go."""
    global _ctypes, _prctl, _socket, pages, slices
    del _ctypes, _prctl, _socket, pages, slices
    for name in TRACES:
        sys.modules.pop(name, None)
    gc.collect()


def _skip_customization():
    """Start-up calls it next, once, and finds it as it was afterwards."""
    execute = site.execusercustomize

    def skip():
        site.execusercustomize = execute

    site.execusercustomize = skip


def _wait_at_barrier(descriptors):
    *streams, barrier, answer = descriptors
    for place, fd in enumerate(streams):
        posix.dup2(fd, place)
        posix.close(fd)
    script = f"{WORKSPACE}/{sys.orig_argv[-1]}"
    sys.path_importer_cache[script] = None  # no archive
    posix.write(answer, b"r")
    request = files.read_to_end(barrier)
    posix.close(barrier)
    if not request:
        posix._exit(0)
    if any(mention in request for mention in MENTIONS):
        gc.unfreeze()
    if ARCHIVE_MARK in request:
        del sys.path_importer_cache[script]
    fault = files.write_all(request[1:], WORKSPACE)
    posix.write(answer, fault.encode() or b"w")
    if fault:
        posix._exit(1)
    posix.close(answer)
