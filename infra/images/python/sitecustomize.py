"""Where a Python sandbox divides into its agent and its programs (/opt/runnel/agent/fork_server.py tells how).

CPython imports this module last thing before it looks at the script it was given. In every Python but process 1 of a
sandbox nothing happens: a program's own children, a plain container.

One thing start-up has asked the workspace by then, which is also the home: whether it holds the user's own packages
(~/.local/lib/…). Where a job brings some, the answer has changed, and Python starts once more as the same process.
"""

import posix
import site
import sys

AGENT = "/opt/runnel/agent"


def is_sandbox():
    """Process 1, root, of that name, its input a stream: the container policy makes these, and no user would by chance."""
    return (
        posix.getpid() == 1
        and posix.getuid() == 0
        and posix.uname().nodename == "sandbox"
        and posix.fstat(0).st_mode & 0o170000 == 0o010000
    )


def divide():
    sys.path.insert(0, AGENT)
    import fork_server

    fork_server.begin()
    sys.path.remove(AGENT)
    sys.path_importer_cache.pop(AGENT, None)
    start_anew_for_own_packages()


def start_anew_for_own_packages():
    try:
        posix.stat(site.USER_SITE)
    except OSError:
        return
    posix.execv(sys.executable, sys.orig_argv)


if is_sandbox():
    divide()
del AGENT, divide, is_sandbox, posix, site, start_anew_for_own_packages, sys
