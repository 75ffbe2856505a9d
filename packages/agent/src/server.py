"""The agent's end of the socket to the fork server. fork_server.py describes the messages."""

from __future__ import annotations

import _socket
import array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from spawn import Streams


class ForkServer:
    def __init__(self, pid: int, end: _socket.socket) -> None:
        self.pid = pid
        self._socket = end

    def fork(self, uid: int, is_ahead: bool, streams: Streams, barrier: int, answer: int) -> int:
        """Returns the id of the new process, a child of ours: it becomes that user and waits at its start barrier."""
        theirs = (streams.their_stdin, streams.their_stdout, streams.their_stderr, barrier, answer)
        rights = array.array("i", theirs)
        self._socket.sendmsg([b"%d%s" % (uid, b"+" * is_ahead)], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)])
        pid = int(self._socket.recv(32))
        self._socket.recv(1)
        return pid
