"""File work in a sandbox that lasts: each task is a process of its own, as the program's user.

    standard input     what is written to a file
    standard output    bytes of a file or an archive, or a line of JSON for each entry or event
    standard error     only if it fails, with exit code 1: one object {code, message}; the codes are those of the API

What programs do to its files meanwhile is met as anywhere in that user's own processes: the kernel decides what a path
reaches. Nothing here blocks on a FIFO or a device, and nothing half-written stays.
"""

import errno
import importlib
import os

import json_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NAMES = ("archive", "list", "mkdir", "move", "read", "remove", "stat", "watch", "write")
CODES = {
    errno.ENOENT: "file-not-found",
    errno.EEXIST: "file-exists",
    errno.ENOTEMPTY: "file-exists",
    errno.ENOTDIR: "not-a-directory",
    errno.EISDIR: "not-a-file",
    errno.ENOSPC: "disk-full",
    errno.EDQUOT: "disk-full",
    # No file may be larger than the disk.
    errno.EFBIG: "disk-full",
}
#: For paths that cannot be used: too long, too many links, no permission, a part of the system that is read-only.
OTHER_CODE = "path-refused"
DISK_FULL = "The disk of the sandbox is full: remove files, or ask for a larger diskBytes"
TOO_MANY_FILES = "The sandbox has as many files and folders as its disk may have: remove some"


class TaskError(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def run(what: "dict[str, Any]", folder: str) -> int:
    """Returns the status to exit with. Relative paths begin in `folder`."""
    try:
        os.chdir(folder)
        os.umask(0o022)
        name = what["name"]
        if name not in NAMES:
            raise TaskError(OTHER_CODE, f"No task is called {name!r}")
        importlib.import_module(f"tasks.{name}").run(**{key: value for key, value in what.items() if key != "name"})
    except TaskError as fault:
        return _fail(fault.code, fault.message)
    except BrokenPipeError:
        return 1  # nobody reads any more
    except OSError as error:
        code = CODES.get(error.errno or 0, OTHER_CODE)
        if code == "disk-full":
            return _fail(code, to_full(what.get("to") or what.get("path") or "."))
        return _fail(code, f"Cannot {what['name']} this: {error.strerror}")
    except ValueError:
        return _fail(OTHER_CODE, "Cannot use this path: it has a character that no name may have")
    return 0


def _fail(code: str, message: str) -> int:
    os.write(2, json_text.dumps({"code": code, "message": message}))
    return 1


def write_line(value: "dict[str, object]") -> None:
    write_all(json_text.dumps(value) + b"\n")


def write_all(data: bytes) -> None:
    """To standard output, which blocks."""
    while data:
        data = data[os.write(1, data) :]


def execute(argv: "list[str]") -> int:
    """Returns its status. It writes to standard output, and what it says on standard error is dropped."""
    null = (os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0)
    pid = os.posix_spawn(argv[0], argv, {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}, file_actions=[null])
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def to_full(path: str) -> str:
    """What there is no more room for at this path, or where it was to be made."""
    while not os.path.isdir(path):
        path = os.path.dirname(os.path.abspath(path))
    return TOO_MANY_FILES if os.statvfs(path).f_favail == 0 else DISK_FULL


def to_copy_fault(folder: str) -> "tuple[str, str]":
    """Why a copy into this folder has failed."""
    if os.statvfs(folder).f_bavail == 0 or os.statvfs(folder).f_favail == 0:
        return "disk-full", to_full(folder)
    return OTHER_CODE, "Cannot move all of this: some of it cannot be read or removed"
