"""One connection to a port of a sandbox that lasts. Process 1 of the place opens the socket, because it is in that
network; the agent connects it, and passes on what comes in its own loop. So a connection takes no process.

What the worker has no credit for stays in the socket, and then the program waits. What the program does not take stays
here, and gets no GRANT.
"""

from __future__ import annotations

import _socket
import errno
import os

import frames

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from dials import Dials
    from loop import Loop

    #: Opens a socket in the network of the sandbox: family, kind, protocol.
    OpenSocket: TypeAlias = Callable[[int, int, int], _socket.socket]

#: A program whose queue is full answers when it has accepted others.
CONNECT_SECONDS = 10
READ_BYTES = 1 << 16
ADDRESSES = ((_socket.AF_INET, "127.0.0.1"), (_socket.AF_INET6, "::1"))
#: Only Linux has these two, and sandboxes that last.
STREAM = _socket.SOCK_STREAM | getattr(_socket, "SOCK_NONBLOCK", 0) | getattr(_socket, "SOCK_CLOEXEC", 0)


class Dial:
    def __init__(self, dials: Dials, loop: Loop, stream: int, port: int, credit: int) -> None:
        self._dials = dials
        self._loop = loop
        self._stream = stream
        self._port = port
        self._credit = credit
        self._left = list(ADDRESSES)
        self._socket: _socket.socket | None = None
        self._timer: int | None = None
        self._input = bytearray()
        self._input_ends = False
        self._is_connected = False
        self._reads = True
        self._writes = True

    # Connecting

    def connect(self, open_socket: OpenSocket) -> None:
        """To the next address."""
        family, address = self._left.pop(0)
        try:
            self._socket = open_socket(family, STREAM, 0)
        except OSError as error:
            self._refused(open_socket, error.errno or 0)
            return
        number = self._socket.connect_ex((address, self._port))
        if number != errno.EINPROGRESS:
            self._decided(open_socket, number)
            return
        self._loop.write_when_ready(self._socket.fileno(), lambda: self._decided(open_socket))
        self._timer = self._loop.after(CONNECT_SECONDS, lambda: self._decided(open_socket, errno.ETIMEDOUT))

    def _decided(self, open_socket: OpenSocket, number: int | None = None) -> None:
        if self._socket is None:
            return
        if self._timer is not None:
            self._loop.cancel(self._timer)
            self._timer = None
        if number is None:
            number = self._socket.getsockopt(_socket.SOL_SOCKET, _socket.SO_ERROR)
        if number:
            self._close_socket()
            self._refused(open_socket, number)
            return
        self._is_connected = True
        # Each piece is sent at once: it has been gathered on its way here.
        self._socket.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
        self._dials.send(frames.DONE, self._stream)
        self._listen()
        self._feed()

    def _refused(self, open_socket: OpenSocket, number: int) -> None:
        if self._left and number != errno.ETIMEDOUT:
            self.connect(open_socket)
        elif number == errno.ETIMEDOUT:
            reason = f"the program has not accepted a connection to port {self._port} within {CONNECT_SECONDS} s"
            self._dials.refuse(self._stream, "no-answer", reason)
        elif number in (errno.ECONNREFUSED, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.ENETUNREACH):
            self._dials.refuse(self._stream, "nothing-listens", f"nothing listens on port {self._port}")
        else:
            reason = f"cannot connect to port {self._port}: {os.strerror(number)}"
            self._dials.refuse(self._stream, "failed", reason)

    # From the program

    def grant(self, credit: int) -> None:
        self._credit += credit
        if self._is_connected:
            self._listen()

    def _listen(self) -> None:
        if self._socket is not None:
            is_wanted = self._reads and self._credit > 0
            self._loop.read_when_ready(self._socket.fileno(), self._read if is_wanted else None)

    def _read(self) -> None:
        if self._socket is None:
            return
        try:
            data = os.read(self._socket.fileno(), min(READ_BYTES, self._credit))
        except BlockingIOError:
            return
        except OSError:
            self.close(is_reset=True)
            return
        if data:
            self._credit -= len(data)
            self._dials.send(frames.STDOUT, self._stream, data)
        else:
            self._reads = False
            self._dials.send(frames.END, self._stream)
            self._close_if_over()
        if not data or self._credit <= 0:
            self._listen()

    # To the program

    def write(self, data: bytes) -> None:
        """No bytes: there will be no more."""
        if not self._writes:
            self._took(len(data))
            return
        self._input += data
        self._input_ends = self._input_ends or not data
        if self._is_connected:
            self._feed()

    def _feed(self) -> None:
        if self._socket is None:
            return
        fd = self._socket.fileno()
        try:
            while self._input:
                written = os.write(fd, self._input)
                del self._input[:written]
                self._took(written)
        except BlockingIOError:
            self._loop.write_when_ready(fd, self._feed)
            return
        except OSError:  # it reads no more, but what it has sent is still to be read
            self._took(len(self._input))
            self._input.clear()
            self._input_ends = True
        self._loop.write_when_ready(fd, None)
        if self._input_ends:
            self._writes = False
            try:
                self._socket.shutdown(_socket.SHUT_WR)
            except OSError:
                pass  # it is closed already
            self._close_if_over()

    def _took(self, count: int) -> None:
        if count:
            self._dials.send(frames.GRANT, self._stream, count.to_bytes(4, "big"))

    # Ending

    def _close_if_over(self) -> None:
        if not self._reads and not self._writes:
            self.close()

    def close(self, *, is_reset: bool = False) -> None:
        if self._timer is not None:
            self._loop.cancel(self._timer)
        self._close_socket()
        self._dials.closed(self._stream, is_reset=is_reset)

    def _close_socket(self) -> None:
        if self._socket is not None:
            self._loop.close(self._socket.detach())
            self._socket = None
