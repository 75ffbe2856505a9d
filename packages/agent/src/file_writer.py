"""Writes a job's files, as the job's user, in a process of its own: for programs that cannot write them themselves.

1. It is forked ahead of time. This is a trick: otherwise the first output of a Bash program in a container comes 0.8 ms
   later, 10 % (2026-11-29, `node apps/bench/src/tricks/main.ts --language bash --without writer`). Switch: `writer`.
2. It takes all files over one pipe and writes them.
3. It answers on a second pipe, DONE or the reason for a failure, and ends. No answer means that it was killed.

The agent itself never opens a path that a job could have prepared.
"""

from __future__ import annotations

import os

import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from loop import Loop

DONE = b"\0"


class FileWriter:
    def __init__(self, loop: Loop, become_user: Callable[[], None], workspace: str) -> None:
        self._loop = loop
        request_read, request = os.pipe()
        self._request: int | None = request
        self._answer, answer_write = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            _write(become_user, workspace, request_read, answer_write, (request, self._answer))
        os.close(request_read)
        os.close(answer_write)
        os.set_blocking(request, False)

    def write(self, packed: bytearray, on_done: Callable[[str], None]) -> None:
        """Calls `on_done` with an empty text when all is written, else with the reason."""
        self._loop.read_when_ready(self._answer, lambda: self._answered(on_done))
        if self._request is not None:
            self._loop.write_all(self._request, packed)
            self._request = None

    def _answered(self, on_done: Callable[[str], None]) -> None:
        said = os.read(self._answer, 4096)
        self.close()
        self._wait()
        reason = said.decode(errors="replace") or "the process that writes files was killed"
        on_done("" if said == DONE else reason)

    def _wait(self) -> None:
        """The program gets all processes of its limit, so this one must be gone before it starts."""
        try:
            os.waitpid(self.pid, 0)
        except ChildProcessError:
            pass

    def end(self) -> None:
        """Ends one that has nothing to write: it reads the end of its request."""
        self.close()
        self._wait()

    def close(self) -> None:
        self._loop.close(self._answer)
        if self._request is not None:
            self._loop.close(self._request)
            self._request = None


def _write(
    become_user: Callable[[], None], workspace: str, request: int, answer: int, not_mine: tuple[int, ...]
) -> None:
    """In the forked child; never returns."""
    status = 1
    try:
        become_user()
        # A file writer that kept these would keep the worker's connection open, and with it the sandbox.
        for fd in (0, 1, *not_mine):
            os.close(fd)
        os.umask(0o022)
        packed = files.read_to_end(request)
        os.write(answer, files.write_all(packed, workspace).encode() or DONE)
        status = 0
    finally:
        os._exit(status)
