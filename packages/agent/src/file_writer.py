"""Writes a job's files, as the job's user, in a process of its own: for programs that cannot write them themselves.

Forked ahead of time, so that nobody waits for it. It takes all files over a pipe, writes them, answers on a second
pipe and ends: DONE when all is well, else the reason. No answer means that it was killed on the way.
The agent itself never opens a path a job could have prepared.
"""

import os

import files

DONE = b"\0"


class FileWriter:
    def __init__(self, loop, identity, workspace):
        self._loop = loop
        request_read, self._request = os.pipe()
        self._answer, answer_write = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            _write(identity, workspace, request_read, answer_write, (self._request, self._answer))
        os.close(request_read)
        os.close(answer_write)
        os.set_blocking(self._request, False)

    def write(self, packed, on_done):
        """Calls `on_done` with nothing when all is written, else with the reason."""
        self._on_done = on_done
        self._loop.read_when_ready(self._answer, self._answered)
        self._loop.write_all(self._request, packed)
        self._request = None

    def _answered(self):
        said = os.read(self._answer, 4096)
        self.close()
        self._wait()
        reason = said.decode(errors="replace") or "the process that writes files was killed"
        self._on_done("" if said == DONE else reason)

    def _wait(self):
        """The program is to have all its processes to itself."""
        try:
            os.waitpid(self.pid, 0)
        except ChildProcessError:
            pass

    def end(self):
        """For one that was asked for nothing: it reads the end of its request, and ends."""
        self.close()
        self._wait()

    def close(self):
        self._loop.forget(self._answer)
        os.close(self._answer)
        if self._request is not None:
            self._loop.close(self._request)


def _write(identity, workspace, request, answer, not_mine):
    status = 1
    try:
        identity.assume()
        # Without these a file writer would keep the worker's stream, and with it the sandbox, open.
        for fd in (0, 1, *not_mine):
            os.close(fd)
        os.umask(0o022)
        packed = files.read_to_end(request)
        os.write(answer, files.write_all(packed, workspace).encode() or DONE)
        status = 0
    finally:
        os._exit(status)
