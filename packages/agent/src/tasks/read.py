"""The bytes of a file, or a part of them."""

import os

from tasks import write_all
from tasks.entry import open_file

MOST_AT_ONCE = 1 << 20


def run(path: str, offset: int = 0, length: "int | None" = None) -> None:
    """No more than the file had when it was opened. Files of the kernel say that they have no bytes, and are read to
    their end."""
    file = open_file(path)
    size = os.fstat(file).st_size
    left = max(0, size - offset) if size else MOST_AT_ONCE
    if length is not None:
        left = min(left, length)
    if not size:
        return _copy_small(file, offset, left)
    while left:
        sent = os.sendfile(1, file, offset, min(left, MOST_AT_ONCE))
        if not sent:
            return None  # it has become shorter
        offset += sent
        left -= sent
    return None


def _copy_small(file: int, offset: int, left: int) -> None:
    while left and (data := os.pread(file, left, offset)):
        write_all(data)
        offset += len(data)
        left -= len(data)
