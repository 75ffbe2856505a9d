"""One thread, one loop: descriptors, timers and the death of children all arrive here as calls."""

from __future__ import annotations

import os
import select
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable
else:
    import _signal as signal


class Loop:
    def __init__(self, on_child: Callable[[], None]) -> None:
        self._poll = select.poll()
        self._readers: dict[int, Callable[[], object]] = {}
        self._writers: dict[int, Callable[[], object]] = {}
        self._timers: dict[int, tuple[float, Callable[[], object]]] = {}
        self._next_timer = 0
        self._held_since: float | None = None
        self._on_child = on_child
        wake_read, wake_write = os.pipe()
        os.set_blocking(wake_read, False)
        os.set_blocking(wake_write, False)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, _ignore)
        self.read_when_ready(wake_read, lambda: self._child_died(wake_read))

    def _child_died(self, wake_read: int) -> None:
        try:
            os.read(wake_read, 4096)
        except BlockingIOError:
            pass
        self._on_child()

    def _watch(self, fd: int) -> None:
        mask = (select.POLLIN if fd in self._readers else 0) | (select.POLLOUT if fd in self._writers else 0)
        if mask:
            self._poll.register(fd, mask)
        else:
            try:
                self._poll.unregister(fd)
            except KeyError:
                pass

    def read_when_ready(self, fd: int, call: Callable[[], object] | None) -> None:
        """Calls `call` whenever `fd` can be read or has ended; None stops that."""
        if call is None:
            self._readers.pop(fd, None)
        else:
            self._readers[fd] = call
        self._watch(fd)

    def write_when_ready(self, fd: int, call: Callable[[], object] | None) -> None:
        if call is None:
            self._writers.pop(fd, None)
        else:
            self._writers[fd] = call
        self._watch(fd)

    def close(self, fd: int) -> None:
        self._readers.pop(fd, None)
        self._writers.pop(fd, None)
        self._watch(fd)
        os.close(fd)

    def write_all(self, fd: int, data: bytearray) -> None:
        """Writes all of `data` to a descriptor that does not block, over several turns if needed, then closes it.
        It is no error when nobody reads the other end any more."""
        try:
            while data:
                del data[: os.write(fd, data)]
        except BlockingIOError:
            self.write_when_ready(fd, lambda: self.write_all(fd, data))
            return
        except BrokenPipeError:
            pass
        self.close(fd)

    def after(self, seconds: float, call: Callable[[], object]) -> int:
        """Calls `call` once, that much later; returns a handle for `cancel`."""
        self._next_timer += 1
        now = time.monotonic() if self._held_since is None else self._held_since
        self._timers[self._next_timer] = (now + max(seconds, 0), call)
        return self._next_timer

    def cancel(self, handle: int) -> None:
        self._timers.pop(handle, None)

    def hold(self) -> None:
        """From now on no time passes for timers, new ones included."""
        if self._held_since is None:
            self._held_since = time.monotonic()

    def release(self) -> float:
        """Time goes on where it was held. Returns how many seconds did not count."""
        if self._held_since is None:
            return 0.0
        seconds = time.monotonic() - self._held_since
        self._held_since = None
        self._timers = {handle: (due + seconds, call) for handle, (due, call) in self._timers.items()}
        return seconds

    def _run_timers(self) -> None:
        now = time.monotonic()
        for handle, (due, call) in list(self._timers.items()):
            if due <= now and self._timers.pop(handle, None):
                call()

    def turn(self) -> None:
        timeout = None
        if self._timers and self._held_since is None:
            soonest = min(due for due, _ in self._timers.values())
            timeout = max(0, soonest - time.monotonic()) * 1000 + 0.999
        for fd, events in self._poll.poll(timeout):
            if events & (select.POLLOUT | select.POLLERR) and fd in self._writers:
                self._writers[fd]()
            if events & (select.POLLIN | select.POLLHUP | select.POLLERR) and fd in self._readers:
                self._readers[fd]()
        if self._held_since is None:
            self._run_timers()


def _ignore(_number: int, _frame: object) -> None:
    """A signal without a handler would not wake the loop."""
