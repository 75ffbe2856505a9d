"""Which of a program's two pipes can be read, in the order in which they became ready.

`poll` says what is ready now, but not what was ready first. `epoll` keeps a list: the kernel adds a pipe to its end
when something is written to it (EPOLLET: once for each time, not for as long as something is there). So the order of
two writes is known even if both happened before this process got the processor.

Because of EPOLLET, a pipe from which not everything was read must be asked about again (`look_again`).
"""

from __future__ import annotations

import select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from loop import Loop


class OrderedReadiness:
    """Calls `on_ready` while one of `fds` can be read. `ready` says which."""

    def __init__(self, loop: Loop, fds: Iterable[int], on_ready: Callable[[], None]) -> None:
        self._loop = loop
        self._on_ready = on_ready
        self._epoll = select.epoll()
        for fd in fds:
            self._epoll.register(fd, select.EPOLLIN | select.EPOLLET)

    def ready(self) -> list[int]:
        """The one that became ready first comes first. Each comes once, until there is more to read."""
        events = self._epoll.poll(0)
        for fd, event in events:
            if event & select.EPOLLHUP:  # after the last bytes comes the end, which nothing announces any more
                self.look_again(fd)
        return [fd for fd, _ in events]

    def look_again(self, fd: int) -> None:
        """After a read that may have left something, or a rest."""
        self._epoll.modify(fd, select.EPOLLIN | select.EPOLLET)

    def rest(self, fd: int) -> None:
        """Says nothing about this one until `look_again`."""
        self._epoll.modify(fd, 0)

    def forget(self, fd: int) -> None:
        self._epoll.unregister(fd)

    def listen(self, *, is_wanted: bool) -> None:
        self._loop.read_when_ready(self._epoll.fileno(), self._on_ready if is_wanted else None)

    def close(self) -> None:
        self.listen(is_wanted=False)
        self._epoll.close()


class UnorderedReadiness:
    """The same by `poll`, for the local sandbox on machines without `epoll`: the order is always that of `fds`."""

    def __init__(self, loop: Loop, fds: Iterable[int], on_ready: Callable[[], None]) -> None:
        self._loop = loop
        self._on_ready = on_ready
        self._fds = list(fds)
        self._resting: set[int] = set()
        self._is_wanted = False

    def ready(self) -> list[int]:
        poll = select.poll()
        for fd in self._fds:
            if fd not in self._resting:
                poll.register(fd, select.POLLIN)
        ready = {fd for fd, _ in poll.poll(0)}
        return [fd for fd in self._fds if fd in ready]

    def look_again(self, fd: int) -> None:
        self._resting.discard(fd)
        self._watch(fd)

    def rest(self, fd: int) -> None:
        self._resting.add(fd)
        self._watch(fd)

    def forget(self, fd: int) -> None:
        self._fds.remove(fd)
        self._loop.read_when_ready(fd, None)

    def listen(self, *, is_wanted: bool) -> None:
        self._is_wanted = is_wanted
        for fd in self._fds:
            self._watch(fd)

    def _watch(self, fd: int) -> None:
        is_watched = self._is_wanted and fd not in self._resting
        self._loop.read_when_ready(fd, self._on_ready if is_watched else None)

    def close(self) -> None:
        self.listen(is_wanted=False)


Readiness = OrderedReadiness if hasattr(select, "epoll") else UnorderedReadiness
