"""Which pages a program writes to from its first instruction to its last: a small one runs once, and waits when Python
has ended in it but the process has not. What it does not share with its parent by then are those pages.

Python finds no file of the program's name here, and so it ends with 2. The C library then calls, with this number,

1. `close`, by which the parent sees the end of a pipe,
2. `pause`, until the parent has looked and kills it.
"""

import posix

import files
import libc
import pages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pages import Place

PROGRAM = "print('A rehearsal')"
EXIT_CODE_WITHOUT_FILE = 2
#: It takes 10 ms. If it hangs, the kernel ends it.
MOST_SECONDS = 5

_on_exit = libc.find("on_exit")


def start() -> "tuple[int, int]":
    """Returns in both: in the parent the process id and the pipe, in the child zeros. That becomes a program, as others
    do."""
    ours, theirs = posix.pipe()
    pid = posix.fork()
    if pid:
        posix.close(theirs)
        return pid, ours
    null = posix.open("/dev/null", posix.O_RDWR)
    for place, fd in ((0, null), (1, null), (EXIT_CODE_WITHOUT_FILE, theirs)):
        posix.dup2(fd, place)
    posix.close(null)
    posix.close(theirs)
    libc.call(libc.find("alarm"), MOST_SECONDS)
    libc.call(_on_exit, libc.find("pause"), None)
    libc.call(_on_exit, libc.find("close"), None)
    exec(PROGRAM, {})
    return 0, 0


def finish(pid: int, pipe: int) -> "list[Place]":
    files.read_to_end(pipe)
    posix.close(pipe)
    places = pages.find(pid, pages.NOT_SHARED)
    posix.kill(pid, 9)
    posix.waitpid(pid, 0)
    return places
