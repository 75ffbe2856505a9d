"""What the kernel is asked of the memory of this very process. Where it knows no such thing all is as it was."""

import posix

import _ctypes
import files

MADV_DONTNEED = 4
MADV_POPULATE_WRITE = 23  # Linux 5.14

_madvise = _ctypes.dlsym(_ctypes.dlopen(None, 2), "madvise")


def own_all():
    """Copies, all at once, what would be copied page by page as it is written to."""
    _advise(MADV_POPULATE_WRITE, lambda line, _: b" rw-p " in line and b"[stack]" not in line)


def let_go_of_files():
    """
    Code and constants: still in the kernel's cache, and mapped again where they are used. Not what comes before variables:
    it is for reading, but the loader has written to it.
    """
    _advise(
        MADV_DONTNEED,
        lambda line, next_line: b"/" in line and (b" r-xp " in line or (b" r--p " in line and b" rw-p " not in next_line)),
    )


def _advise(advice, is_meant):
    class Address(_ctypes._SimpleCData):
        _type_ = "P"

    maps = posix.open("/proc/self/maps", posix.O_RDONLY)
    lines = files.read_to_end(maps).splitlines()
    posix.close(maps)
    for line, next_line in zip(lines, [*lines[1:], b""]):
        if is_meant(line, next_line):
            start, end = (int(address, 16) for address in line[: line.index(b" ")].split(b"-"))
            _ctypes.call_function(_madvise, (Address(start), Address(end - start), advice))
