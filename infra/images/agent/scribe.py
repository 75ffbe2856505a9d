"""Writes a job's files, as the job's user, in a process of its own.

Forked ahead of time, so that nobody waits for it. It takes one set of files over a pipe, writes them below the
workspace following no link, answers on a second pipe and ends: DONE when all is well, else the reason. No answer
means that it was killed on the way.
The agent itself never opens a path a job could have prepared.
"""

import os
import struct

DONE = b"\0"
ENTRY = struct.Struct(">II")  # bytes of path, bytes of content


def fork_scribe(identity, workspace):
    """Returns (pid, descriptor to write entries to, descriptor to read the answer from)."""
    order_read, order_write = os.pipe()
    answer_read, answer_write = os.pipe()
    pid = os.fork()
    if pid:
        os.close(order_read)
        os.close(answer_write)
        return pid, order_write, answer_read
    status = 1
    try:
        identity.assume()
        os.close(order_write)
        os.close(answer_read)
        # Without these a scribe would keep the worker's stream, and with it the sandbox, open.
        os.close(0)
        os.close(1)
        os.umask(0o022)
        with os.fdopen(order_read, "rb") as order:
            fault = _write_all(order, workspace)
        os.write(answer_write, fault.encode() or DONE)
        status = 0
    finally:
        os._exit(status)


def _write_all(order, workspace):
    try:
        root = os.open(workspace, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        while True:
            header = order.read(ENTRY.size)
            if not header:
                return ""
            path_bytes, content_bytes = ENTRY.unpack(header)
            path = order.read(path_bytes).decode()
            content = order.read(content_bytes)
            if len(content) != content_bytes:
                os._exit(0)  # the agent is gone, and what it had begun to say with it
            _write_one(root, path, content)
    except OSError as error:
        return f"{error.strerror}: {error.filename}" if error.filename else str(error.strerror)


def _write_one(root, path, content):
    *folders, name = path.split("/")
    here = os.dup(root)
    try:
        for folder in folders:
            try:
                os.mkdir(folder, 0o755, dir_fd=here)
            except FileExistsError:
                pass
            inner = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
            os.close(here)
            here = inner
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with os.fdopen(os.open(name, flags, 0o644, dir_fd=here), "wb") as file:
            file.write(content)
    finally:
        os.close(here)
