"""What happens to a file, to what is in a folder, or to all that is below it: a line for each event, from the kernel's
inotify.

    {"type": "ready"}                 it watches
    {"type": …, "path": …}            create, write, remove, rename (the old path; the new one follows as create), chmod
    {"type": "lost", "path": …}       events were lost, or a folder is not watched: list it again

It ends when what it watches is removed or gets another name.
"""

import os
import sys

import libc
import tasks
from tasks import write_line
from tasks.entry import to_text

MODIFY, ATTRIB, MOVED_FROM, MOVED_TO = 0x2, 0x4, 0x40, 0x80
CREATE, DELETE, DELETE_SELF, MOVE_SELF = 0x100, 0x200, 0x400, 0x800
OVERFLOW, IGNORED, ONLY_FOLDERS, NO_LINKS, IS_FOLDER = 0x4000, 0x8000, 0x1000000, 0x2000000, 0x40000000
WATCHED = MODIFY | ATTRIB | MOVED_FROM | MOVED_TO | CREATE | DELETE | DELETE_SELF | MOVE_SELF
TYPES = (
    (CREATE | MOVED_TO, "create"),
    (MODIFY, "write"),
    (DELETE, "remove"),
    (MOVED_FROM, "rename"),
    (ATTRIB, "chmod"),
)
#: The kernel has a bound for each user, and this sandbox may have several watchers.
MOST_FOLDERS = 2000
HEAD_BYTES = 16
READ_BYTES = 1 << 16
TOO_MANY = f"A watcher watches at most {MOST_FOLDERS} folders: watch one that has fewer below it"

_add = libc.find("inotify_add_watch")
_remove = libc.find("inotify_rm_watch")


class Watcher:
    def __init__(self, path: str, *, recursive: bool) -> None:
        self._root = os.path.abspath(path)
        self._is_recursive = recursive
        try:
            self._fd = libc.call(libc.find("inotify_init1"), os.O_CLOEXEC)
        except OSError:
            raise tasks.TaskError(tasks.OTHER_CODE, "The sandbox has as many watchers as it may: delete one") from None
        self._paths: dict[int, str] = {}
        self._add_one(self._root, 0)
        if recursive and os.path.isdir(self._root) and not self._add_below(self._root, tells=False):
            raise tasks.TaskError(tasks.OTHER_CODE, TOO_MANY)

    def _add_one(self, path: str, flags: int) -> None:
        self._paths[libc.call(_add, self._fd, os.fsencode(path), WATCHED | flags)] = path

    def _add_below(self, folder: str, *, tells: bool) -> bool:
        """Whether all folders below are watched now. `tells`: what is there already is reported."""
        waiting, is_whole = [folder], True
        while waiting:
            try:
                with os.scandir(waiting.pop()) as entries:
                    for entry in entries:
                        if tells:
                            self._tell("create", entry.path)
                        if entry.is_dir(follow_symlinks=False):
                            is_watched = self._try_to_add(entry.path)
                            is_whole = is_whole and is_watched
                            waiting += [entry.path] if is_watched else []
            except OSError:
                continue  # it has gone, or its user has closed it
        return is_whole

    def _try_to_add(self, folder: str) -> bool:
        if len(self._paths) >= MOST_FOLDERS:
            return False
        try:
            self._add_one(folder, ONLY_FOLDERS | NO_LINKS)
        except FileNotFoundError:
            pass
        except OSError:
            return False
        return True

    def follow(self) -> None:
        """Until what is watched is gone."""
        write_line({"type": "ready"})
        while True:
            events = os.read(self._fd, READ_BYTES)
            while events:
                watch, mask, size = (int.from_bytes(events[at : at + 4], sys.byteorder) for at in (0, 4, 12))
                name = os.fsdecode(events[HEAD_BYTES : HEAD_BYTES + size].rstrip(b"\0"))
                events = events[HEAD_BYTES + size :]
                if not self._happened(watch, mask, name):
                    return

    def _happened(self, watch: int, mask: int, name: str) -> bool:
        """Whether it goes on."""
        if mask & OVERFLOW:
            self._tell("lost", self._root)
            return True
        folder = self._paths.get(watch)
        if folder is None:
            return True
        if mask & IGNORED:
            del self._paths[watch]
            return folder != self._root
        if mask & (DELETE_SELF | MOVE_SELF):
            if folder == self._root:
                self._tell("remove" if mask & DELETE_SELF else "rename", folder)
            return folder != self._root
        path = f"{folder.rstrip('/')}/{name}" if name else folder
        for bits, kind in TYPES:
            if mask & bits:
                self._tell(kind, path)
        if self._is_recursive and mask & IS_FOLDER:
            self._follow_folder(path, mask)
        return True

    def _follow_folder(self, path: str, mask: int) -> None:
        if mask & MOVED_FROM:
            for watch in [watch for watch, one in self._paths.items() if f"{one}/".startswith(f"{path}/")]:
                libc.call(_remove, self._fd, watch)
                del self._paths[watch]
        elif mask & (CREATE | MOVED_TO):
            is_whole = self._try_to_add(path) and self._add_below(path, tells=True)
            if not is_whole:
                self._tell("lost", path)

    def _tell(self, kind: str, path: str) -> None:
        write_line({"type": kind, "path": to_text(path)})


def run(path: str, recursive: bool = False) -> None:
    Watcher(path, recursive=recursive).follow()
