"""The agent's end of the socket to the start server. start_server.py describes the messages."""

from __future__ import annotations

import marshal
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from control import Control
    from spawn import Streams


class StartServer:
    """`has_interpreter`: its copies can become programs."""

    def __init__(self, pid: int, control: Control, *, has_interpreter: bool) -> None:
        self.pid = pid
        self.has_interpreter = has_interpreter
        self._control = control

    def become_user(self, uid: int) -> None:
        self._call(("user", uid))

    def make_place(self, their_end: int, *, lasts: bool) -> int:
        """Process 1 of new namespaces, a child of ours, which has that end of a socket. `lasts`: for many programs.
        Raises OSError where the kernel makes none."""
        return self._call(("place", lasts), their_end)

    def fork(self, uid: int, streams: Streams, barrier: int, answer: int) -> int:
        """Returns the id of the new process, a child of ours: it becomes that user and waits at its start barrier."""
        theirs = (streams.their_stdin, streams.their_stdout, streams.their_stderr, barrier, answer)
        pid = self._call(("program", uid), *theirs)
        self._control.receive()  # when its own parent has ended
        return pid

    def close(self) -> None:
        """It ends."""
        self._control.close()

    def _call(self, request: tuple[Any, ...], *descriptors: int) -> int:
        self._control.send(marshal.dumps(request), descriptors)
        answer, _ = self._control.receive()
        number = int(answer[1:] or 0)
        if answer[:1] == b"!":
            raise OSError(number, os.strerror(number))
        return number
