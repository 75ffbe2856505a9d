"""What waits in a program's sockets, where no control group counts it.

No control group counts what waits at a netlink socket. With version 1, none counts what waits in connections either,
also in those that were never accepted, or that their program has closed. One program of 256 MiB held 1,089 MiB of the
host in netlink sockets, 859 MiB in TCP and 728 MiB in UDP, and it was not even quick (2026-11-30).

So the agent looks now and then. A look costs little while a program has few sockets. What waits may be an eighth of
the memory that the program may use: the kernel's own limits for the whole host are three sixteenths of its memory for
UDP, and half of that for TCP.
"""

from __future__ import annotations

import usage

#: This many cannot hold much.
FEW_SOCKETS = 64
SHARE_OF_MEMORY = 8
#: What waits is counted without what the kernel needs for each piece of it. That is most where the pieces are small.
LEAST_BYTES = 16 << 10
LISTENS = b"0A"


class SocketMemory:
    """`network`: the folder with the kernel's tables of one network, such as /proc/self/net."""

    def __init__(self, version: usage.Version, root: str = usage.ROOT) -> None:
        self._tables = ("tcp", "tcp6", "udp", "udp6") if version == "v1" else ()
        limit = "memory/memory.limit_in_bytes" if version == "v1" else "memory.max"
        self._limit = usage.Counter(f"{root}/{limit}", int)

    def is_too_much(self, network: str) -> bool:
        waiting = self.waiting_bytes(network)
        limit = self._limit.value() if waiting else None
        return limit is not None and waiting > limit // SHARE_OF_MEMORY

    def waiting_bytes(self, network: str) -> int:
        if _count_sockets(network) <= FEW_SOCKETS:
            return 0
        rows = [row for table in self._tables for row in _read_rows(f"{network}/{table}")]
        queues = [row[4].split(b":") for row in rows if row[3] != LISTENS]
        waiting = [int(sent, 16) + int(received, 16) for sent, received in queues]
        waiting += [int(row[4]) for row in _read_rows(f"{network}/netlink")]
        return sum(max(count, LEAST_BYTES) for count in waiting if count)


def _count_sockets(network: str) -> int:
    """Its first line: `sockets: used 7`."""
    fields = _read(f"{network}/sockstat").split(None, 3)
    return int(fields[2]) if fields else 0


def _read_rows(path: str) -> list[list[bytes]]:
    return [line.split() for line in _read(path).splitlines()[1:]]


def _read(path: str) -> bytes:
    """Nothing where the process has ended, or where the kernel has no such table."""
    try:
        with open(path, "rb", buffering=0) as file:
            return file.readall()
    except OSError:
        return b""
