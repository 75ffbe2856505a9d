"""The gate of a warm start: a Python started before its program is there waits here, unseen.

CPython imports this module last thing before it looks at the script it was given. Everything a program could ask
about is native on both sides of the gate: the pool starts the very command a job would (`python3 -u main.py`), and
only the time between its start-up and its first look at `main.py` is stretched.

Descriptor 62 is a gate when it is a pipe owned by user 65533. Only the agent, as root, can make one; in any other
Python (a program's own children, a plain container) there is none and nothing happens.

    on 63   r            ready: the interpreter is up and waits
    on 62   g            go: on with the program, both descriptors closed as if they had never been
            else, EOF    never needed: the interpreter ends without a word

One thing start-up has asked the workspace by then, which is also the home: whether it holds the user's own packages
(~/.local/lib/…). Where a job brings some, the answer has changed, and Python starts once more as the same process.
"""

import posix
import site
import sys


def wait_at_gate():
    try:
        state = posix.fstat(62)
    except OSError:
        return
    if state.st_uid != 65533 or state.st_mode & 0o170000 != 0o010000:
        return
    try:
        posix.write(63, b"r")
        posix.close(63)
        if posix.read(62, 1) != b"g":
            posix._exit(0)
        posix.close(62)
    except OSError:
        posix._exit(0)  # the agent is gone
    start_anew_for_own_packages()


def start_anew_for_own_packages():
    try:
        posix.stat(site.USER_SITE)
    except OSError:
        return
    posix.execv(sys.executable, sys.orig_argv)


wait_at_gate()
del posix, site, sys, wait_at_gate, start_anew_for_own_packages
