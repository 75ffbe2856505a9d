"""What the kernel is asked to do with the memory of this process. Where it has no such call nothing happens."""

import posix

import files
import libc
import switches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MADV_DONTNEED = 4
MADV_POPULATE_WRITE = 23  # Linux 5.14

_madvise = libc.find("madvise")


def own_all() -> None:
    """A trick, for a program that nobody waits for yet: copies all its pages at once, which otherwise are copied one
    by one when they are first written to. A program takes 2.9 ms of a processor instead of 4.9, for 3.7 MiB more in a
    sandbox that waits (2026-11-29, a cell that runs `print` again and again;
    `node apps/bench/src/tricks/main.ts --without pages` for a fresh one). Switch: `pages`."""
    if not switches.is_on("pages"):
        return
    lines = _read_lines("/proc/self/maps")
    _advise(
        MADV_POPULATE_WRITE,
        [line[: line.index(b" ")] for line in lines if b" rw-p " in line and b"[stack]" not in line],
    )


def release_files() -> "Iterator[None]":
    """
    Code and constants: they are still in the kernel's cache, and are mapped again where they are used. Only where the
    kernel counts nothing of this process's own in them, because the loader writes to some of what is read-only later.
    In steps, because the caller has other work.
    """
    places: list[bytes] = []
    mapping: list[bytes] = []
    lines = _read_lines("/proc/self/smaps")
    yield
    for line in lines:
        fields = line.split()
        if not line[:1].isupper():  # what the kernel counts of a mapping follows it, each with a name
            mapping = fields
        elif fields == [b"Anonymous:", b"0", b"kB"] and mapping[1] in (b"r-xp", b"r--p") and mapping[-1][:1] == b"/":
            places.append(mapping[0])
    yield
    _advise(MADV_DONTNEED, places)


def _read_lines(path: str) -> "list[bytes]":
    try:
        file = posix.open(path, posix.O_RDONLY)
    except OSError:
        return []
    lines = files.read_to_end(file).splitlines()
    posix.close(file)
    return lines


def _advise(advice: int, places: "list[bytes]") -> None:
    """`places` as the kernel writes them: both addresses in hexadecimal, a dash between."""
    for place in places:
        start, end = (int(address, 16) for address in place.split(b"-"))
        try:
            libc.call(_madvise, libc.Address(start), libc.Address(end - start), advice)
        except OSError:
            pass  # an older kernel, or memory that has gone
