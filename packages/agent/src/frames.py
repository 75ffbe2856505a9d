"""The frames between a worker and this agent.

    u32 length | u8 kind | u32 stream | payload         (big endian; length counts the payload alone)

Control payloads are JSON objects, data payloads raw bytes. The worker chooses stream numbers; 0 is the sandbox
itself. packages/sandbox/src/agent/protocol.ts is the other end: change both or neither.
"""

from __future__ import annotations

from _struct import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

PROTOCOL = 9

# worker to agent
EXEC, STDIN, SIGNAL, PUT, DATA, CREDIT, INIT, RESIZE, ASK = 1, 2, 3, 4, 5, 6, 7, 8, 9
DIAL, HANG_UP, PORTS = 10, 11, 12
# agent to worker
READY, STDOUT, STDERR, EXIT, DONE, ERROR, GRANT, ANSWER = 64, 65, 66, 67, 68, 69, 70, 71
END, CLOSED, LISTENING = 72, 73, 74

HEADER = Struct(">IBI")
MAX_PAYLOAD = 1 << 20


class ProtocolError(Exception):
    """The worker sent something that is not a frame: nothing after it can be trusted."""


def encode(kind: int, stream: int, payload: bytes = b"") -> bytes:
    return HEADER.pack(len(payload), kind, stream) + payload


class Decoder:
    """Cuts a stream of bytes into frames, whatever pieces it arrives in."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Yields (kind, stream, payload) of every frame that is complete."""
        self._buffer += data
        position = 0
        while len(self._buffer) - position >= HEADER.size:
            length, kind, stream = HEADER.unpack_from(self._buffer, position)
            if length > MAX_PAYLOAD:
                raise ProtocolError(f"a frame of {length} bytes")
            end = position + HEADER.size + length
            if len(self._buffer) < end:
                break
            yield kind, stream, bytes(self._buffer[position + HEADER.size : end])
            position = end
        del self._buffer[:position]
