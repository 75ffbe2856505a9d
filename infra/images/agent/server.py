"""The agent's end of the socket to the fork server (fork_server.py tells the conversation)."""

import array
import os
import socket


class ForkServer:
    def __init__(self, pid, end):
        self.pid = pid
        self._socket = socket.socket(fileno=end.detach())

    def fork(self, uid, pipes, gate, answer):
        """Returns the new process's id: it becomes that user and waits at its gate."""
        theirs = (pipes.their_stdin, pipes.their_stdout, pipes.their_stderr, gate, answer)
        rights = array.array("i", theirs)
        self._socket.sendmsg([b"%d" % uid], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        return int(self._socket.recv(32))

    def release(self):
        """No more programs: the server ends, and its last program is a child of ours from then on."""
        self._socket.close()

    def keep(self, loop, pid, on_death):
        """There will be another program: the server waits for this one and says how it died."""
        self._socket.send(b"w")
        loop.read_when_ready(self._socket.fileno(), lambda: self._heard(loop, pid, on_death))

    def _heard(self, loop, pid, on_death):
        loop.forget(self._socket.fileno())
        said = self._socket.recv(32)
        if said:
            on_death(int(said))
        elif not os.path.exists(f"/proc/{pid}"):
            os._exit(1)  # the server was killed between the program's death and its telling: nobody knows how it ended
        # Otherwise it was killed with the program still there, which is a child of ours now.

    def bury(self):
        """Like `keep`, for one that was killed at its gate; waits."""
        self._socket.send(b"w")
        self._socket.recv(32)
