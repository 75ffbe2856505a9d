"""In which order a program's two pipes were written to.

`poll` says what can be read now, but not what could be read first. `epoll` knows: the kernel keeps a list, and adds a
pipe to its end when something is written to it (EPOLLET: once for each time, not for as long as something is there). So
the order of two writes is known even if both happened before this process got the processor, and while a pipe rests.
"""

from __future__ import annotations

import select


class Order:
    """Make it before anything can be written. The local sandbox also runs on machines without epoll, such as macOS."""

    def __init__(self, stdout: int, stderr: int, *, has_epoll: bool = hasattr(select, "epoll")) -> None:
        self._both = [stdout, stderr]
        self._epoll = select.epoll() if has_epoll else None
        if self._epoll is not None:
            for fd in (stdout, stderr):
                self._epoll.register(fd, select.EPOLLIN | select.EPOLLET)

    def take(self) -> list[int]:
        """What was written to (or closed) since the last call: each once, the first one first. Without epoll it is
        always both, standard output first: so at least standard error never overtakes it."""
        return self._both if self._epoll is None else [fd for fd, _ in self._epoll.poll(0)]

    def close(self) -> None:
        if self._epoll is not None:
            self._epoll.close()
