"""What is said of a file: the FileEntry of the API."""

import errno
import grp
import os
import pwd
import stat

import tasks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

TYPES = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "symlink"}

_names: "dict[tuple[str, int], str]" = {}


def to_entry(path: str, *, follow: bool = False) -> "dict[str, object]":
    """Raises OSError. `follow`: of what a link leads to, with the link's name."""
    state = os.stat(path) if follow else os.lstat(path)
    whole = os.path.abspath(path)
    entry: dict[str, object] = {
        "name": to_text(os.path.basename(whole) or "/"),
        "path": to_text(whole),
        "type": TYPES.get(stat.S_IFMT(state.st_mode), "other"),
        "sizeBytes": state.st_size,
        "mode": stat.S_IMODE(state.st_mode),
        "owner": _find("user", state.st_uid, lambda uid: pwd.getpwuid(uid).pw_name),
        "group": _find("group", state.st_gid, lambda gid: grp.getgrgid(gid).gr_name),
        "modifiedAt": to_time(state.st_mtime_ns),
    }
    if stat.S_ISLNK(state.st_mode):
        entry["symlinkTarget"] = to_text(os.readlink(path))
    return entry


def _find(kind: str, number: int, find: "Callable[[int], str]") -> str:
    """Its name, or the number."""
    known = _names.get((kind, number))
    if known is None:
        try:
            known = find(number)
        except KeyError:
            known = str(number)
        _names[kind, number] = known
    return known


def to_text(name: str) -> str:
    """Bytes that are not UTF-8 are shown as U+FFFD."""
    return name.encode(errors="surrogateescape").decode(errors="replace")


#: Before the year 1 and after the year 9999 there are no dates that everybody can read.
FIRST_SECOND, LAST_SECOND = -62_135_596_800, 253_402_300_799
DAY_SECONDS = 86_400


def to_time(nanoseconds: int) -> str:
    """ISO 8601. A program may give its files any time."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    year, month, day, hour, minute, second = to_date(min(max(seconds, FIRST_SECOND), LAST_SECOND))
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{rest // 1_000_000:03}Z"


def to_date(seconds: int) -> "tuple[int, int, int, int, int, int]":
    """Seconds since 1970 as a date of UTC. Not by `datetime` or `time.gmtime`: the first is a slow import."""
    import time

    date = time.gmtime(seconds)
    return date.tm_year, date.tm_mon, date.tm_mday, date.tm_hour, date.tm_min, date.tm_sec


def open_file(path: str) -> int:
    """A regular file to read. Raises OSError, or a TaskError for anything else: opening never waits."""
    state = os.stat(path)
    if stat.S_ISREG(state.st_mode):
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        if stat.S_ISREG(os.fstat(fd).st_mode):  # it may have changed in between
            return fd
        os.close(fd)
    raise tasks.TaskError("not-a-file", "Only files can be read: this is a folder, a device, a socket or a FIFO")


def make_parents(path: str) -> None:
    """Not by `os.makedirs`: that calls itself for each folder, and a path may have 2,000 of them."""
    folder = os.path.dirname(os.path.abspath(path))
    missing: list[str] = []
    while not os.path.lexists(folder):
        missing.append(folder)
        folder = os.path.dirname(folder)
    if not os.path.isdir(folder):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    for each in reversed(missing):
        try:
            os.mkdir(each, 0o755)
        except FileExistsError:  # somebody else has just made it
            if not os.path.isdir(each):
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None
