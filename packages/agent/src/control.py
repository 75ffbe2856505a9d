"""Messages with descriptors, between the agent, the start server and process 1 of a program's namespaces.

    u32 length | content          in the byte order of the machine; descriptors come with the length

Whole messages only: both sides are ours and answer at once, so receiving may wait for the rest of one.
"""

import _socket
import select
import sys

MOST_DESCRIPTORS = 8
BYTES_OF_INT = 4


class ClosedError(Exception):
    """The other side is gone."""


def pair() -> "tuple[Control, Control]":
    ends = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_STREAM, 0)
    return Control(ends[0]), Control(ends[1])


def from_descriptor(fd: int) -> "Control":
    return Control(_socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM, 0, fd))


class Control:
    def __init__(self, end: "_socket.socket") -> None:
        self._socket = end
        self.fd = end.fileno()

    def send(self, content: bytes, descriptors: "tuple[int, ...]" = ()) -> None:
        try:
            rights = b"".join(fd.to_bytes(BYTES_OF_INT, sys.byteorder) for fd in descriptors)
            ancillary = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)] if rights else []
            message = len(content).to_bytes(BYTES_OF_INT, sys.byteorder) + content
            sent = self._socket.sendmsg([message], ancillary)
            if sent < len(message):
                self._socket.sendall(memoryview(message)[sent:])
        except (BrokenPipeError, ConnectionResetError):
            raise ClosedError from None

    def can_receive(self) -> bool:
        """Whether `receive` has something now: a message, or the end."""
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)
        return bool(poll.poll(0))

    def receive(self) -> "tuple[bytes, list[int]]":
        """Raises `ClosedError` at the end."""
        try:
            space = _socket.CMSG_SPACE(MOST_DESCRIPTORS * BYTES_OF_INT)
            head, ancillary, _, _ = self._socket.recvmsg(BYTES_OF_INT, space, _socket.MSG_CMSG_CLOEXEC)
            descriptors = [
                int.from_bytes(data[at : at + BYTES_OF_INT], sys.byteorder)
                for _, _, data in ancillary
                for at in range(0, len(data), BYTES_OF_INT)
            ]
            head += self._receive_exactly(BYTES_OF_INT - len(head))
            return self._receive_exactly(int.from_bytes(head, sys.byteorder)), descriptors
        except ConnectionResetError:
            raise ClosedError from None

    def _receive_exactly(self, size: int) -> bytes:
        pieces: list[bytes] = []
        while size:
            piece = self._socket.recv(size)
            if not piece:
                raise ClosedError
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def close(self) -> None:
        self._socket.close()
