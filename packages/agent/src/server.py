"""The agent's end of the socket to the fork server (fork_server.py tells the conversation)."""

import array

import _socket


class ForkServer:
    def __init__(self, pid, end):
        self.pid = pid
        self._socket = end

    def fork(self, uid, is_ahead, pipes, barrier, answer):
        """Returns the new process's id, a child of ours: it becomes that user and waits at its barrier."""
        theirs = (pipes.their_stdin, pipes.their_stdout, pipes.their_stderr, barrier, answer)
        rights = array.array("i", theirs)
        self._socket.sendmsg([b"%d%s" % (uid, b"+" * is_ahead)], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)])
        pid = int(self._socket.recv(32))
        self._socket.recv(1)
        return pid
