"""What the kernel is asked of the memory of this very process. Where it knows no such thing all is as it was."""

import posix

import _ctypes
import files

MADV_DONTNEED = 4
MADV_POPULATE_WRITE = 23  # Linux 5.14

_madvise = _ctypes.dlsym(_ctypes.dlopen(None, 2), "madvise")


def own_all():
    """Copies, all at once, what would be copied page by page as it is written to."""
    lines = _read_lines("/proc/self/maps")
    _advise(
        MADV_POPULATE_WRITE,
        [line[: line.index(b" ")] for line in lines if b" rw-p " in line and b"[stack]" not in line],
    )


def let_go_of_files():
    """
    Code and constants: still in the kernel's cache, and mapped again where they are used. Only where the kernel counts
    nothing of this process's own in them, since the loader writes to some of what is for reading afterwards.
    """
    meant, mapping = [], []
    for line in _read_lines("/proc/self/smaps"):
        fields = line.split()
        if not line[:1].isupper():  # what the kernel counts of a mapping follows it, each with a name
            mapping = fields
        elif fields == [b"Anonymous:", b"0", b"kB"] and mapping[1] in (b"r-xp", b"r--p") and mapping[-1][:1] == b"/":
            meant.append(mapping[0])
    _advise(MADV_DONTNEED, meant)


def _read_lines(path):
    try:
        file = posix.open(path, posix.O_RDONLY)
    except OSError:
        return []
    lines = files.read_to_end(file).splitlines()
    posix.close(file)
    return lines


def _advise(advice, places):
    """`places` as the kernel writes them: both addresses in hexadecimal, a dash between."""

    class Address(_ctypes._SimpleCData):
        _type_ = "P"

    for place in places:
        start, end = (int(address, 16) for address in place.split(b"-"))
        _ctypes.call_function(_madvise, (Address(start), Address(end - start), advice))
