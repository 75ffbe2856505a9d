"""The last steps of a process that executes a program: its streams, its folder, its signals."""

import posix

#: Never above 63: that would enlarge the table of descriptors of this process for good.
FIRST_FREE = 32
#: Where descriptors go: the standard streams, and those that a Node waits on, far from those that a program gets.
PLACES = (0, 1, 2, 62, 63)
PATH = "/usr/local/bin:/usr/bin:/bin"

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from typing import NoReturn
else:
    import _signal as signal


def execute(argv: "list[str]", env: "dict[str, str]", folder: str, places: "dict[int, int]") -> "NoReturn":
    """Raises OSError. `places`: a descriptor for each number. All others close by themselves."""
    restore_signals()
    posix.umask(0o022)
    posix.chdir(folder)
    move_to(places)
    raise _execute(argv, env)


def restore_signals() -> None:
    """Python ignores some of these in itself; a program expects the defaults."""
    for number in (signal.SIGPIPE, getattr(signal, "SIGXFSZ", signal.SIGPIPE), signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)


def move_to(places: "dict[int, int]") -> None:
    """First out of each other's way, then to their places."""
    import fcntl

    moved = [(place, fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, FIRST_FREE)) for place, fd in places.items()]
    for place, fd in moved:
        posix.dup2(fd, place)


def _execute(argv: "list[str]", env: "dict[str, str]") -> OSError:
    """Returns why not."""
    name = argv[0]
    paths = [name] if "/" in name else [f"{folder}/{name}" for folder in env.get("PATH", PATH).split(":")]
    fault: OSError | None = None
    for path in paths:
        try:
            posix.execve(path, argv, env)
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            fault = fault or error  # a folder of that name, say: another one may have the program
    return fault or FileNotFoundError(2, "No such file or directory")
