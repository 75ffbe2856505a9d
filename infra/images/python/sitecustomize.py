"""Where process 1 of a Python sandbox divides into its agent and its programs. /opt/runnel/agent/interpreter.py
describes how.

CPython imports this module last before it looks at the script it was given. Nothing happens in any Python but process 1
of a sandbox: not in a program's own children, not in a plain container.

By then start-up has already asked the workspace, which is also the home, whether it holds the user's own packages
(~/.local/lib/…). Where a job brings some, the answer has changed, and Python starts once more in the same process.
"""

import posix
import site
import sys

AGENT = "/opt/runnel/agent"


def is_sandbox() -> bool:
    """Process 1, root, of that name, its input a pipe: the container policy makes these, a user would not by chance."""
    return (
        posix.getpid() == 1
        and posix.getuid() == 0
        and posix.uname().nodename == "sandbox"
        and posix.fstat(0).st_mode & 0o170000 == 0o010000
    )


def divide() -> None:
    """Returns in programs only."""
    sys.path.insert(0, AGENT)
    import interpreter

    interpreter.start()
    sys.path.remove(AGENT)
    sys.path_importer_cache.pop(AGENT, None)
    start_anew_for_own_packages()


def start_anew_for_own_packages() -> None:
    if site.USER_SITE is None:
        return
    try:
        posix.stat(site.USER_SITE)
    except OSError:
        return
    posix.execv(sys.executable, sys.orig_argv)


if is_sandbox():
    divide()
