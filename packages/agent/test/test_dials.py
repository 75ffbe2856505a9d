import json
import socket
import sys
import time
import unittest

import dial
import frames
from dials import MOST_DIALS, Dials
from test_output import make_loop, run_for, run_until

CREDIT = 1 << 16
ENDED = [(frames.END, b""), (frames.CLOSED, b'{"isReset":false}')]


@unittest.skipUnless(sys.platform == "linux", "needs Linux")
class Dialled(unittest.TestCase):
    def setUp(self) -> None:
        self.loop = make_loop(self)
        self.sent: list[tuple[int, int, bytes]] = []
        self.dials = Dials(self.loop, self.send, socket.socket)
        self.server = self.enterContext(socket.create_server(("127.0.0.1", 0)))
        self.port: int = self.server.getsockname()[1]

    def send(self, kind: int, stream: int, payload: bytes) -> None:
        self.sent.append((kind, stream, payload))

    def frames_of(self, stream: int) -> list[tuple[int, bytes]]:
        return [(kind, payload) for kind, one, payload in self.sent if one == stream]

    def turn_until(self, kind: int, stream: int = 1) -> bytes:
        """The payload of the first frame of this kind."""
        run_until(self.loop, lambda: kind in dict(self.frames_of(stream)))
        return next(payload for one, payload in self.frames_of(stream) if one == kind)

    def printed(self) -> bytes:
        return b"".join(payload for kind, payload in self.frames_of(1) if kind == frames.STDOUT)

    def open(self, credit: int = CREDIT) -> socket.socket:
        self.dials.open(1, self.port, credit)
        self.turn_until(frames.DONE)
        accepted, _ = self.server.accept()
        return self.enterContext(accepted)

    def test_bytes_go_both_ways_and_each_side_ends_its_half(self) -> None:
        program = self.open()
        self.dials.received(frames.STDIN, 1, b"question")
        self.dials.received(frames.STDIN, 1, b"")
        self.assertEqual(program.recv(100) + program.recv(100), b"question")
        program.sendall(b"answer")
        program.close()
        self.turn_until(frames.CLOSED)
        self.assertEqual(
            self.frames_of(1),
            [(frames.DONE, b""), (frames.GRANT, (8).to_bytes(4, "big")), (frames.STDOUT, b"answer"), *ENDED],
        )
        self.assertFalse(self.dials.has(1))

    def test_the_program_may_end_first(self) -> None:
        program = self.open()
        program.shutdown(socket.SHUT_WR)
        self.turn_until(frames.END)
        self.dials.received(frames.STDIN, 1, b"late")
        self.assertEqual(program.recv(100), b"late")
        self.dials.received(frames.STDIN, 1, b"")
        self.turn_until(frames.CLOSED)

    def test_no_more_is_read_than_there_is_credit_for(self) -> None:
        program = self.open(credit=10)
        program.sendall(b"x" * 25)
        run_until(self.loop, lambda: len(self.printed()) == 10)
        self.dials.received(frames.CREDIT, 1, (10).to_bytes(4, "big"))
        program.close()
        run_for(self.loop, 0.05)
        self.assertEqual(self.printed(), b"x" * 20)
        self.assertEqual(self.frames_of(1)[-1][0], frames.STDOUT)

    def test_what_the_program_does_not_take_is_not_granted(self) -> None:
        program = self.open()
        sent = 32 << 20
        for _ in range(32):
            self.dials.received(frames.STDIN, 1, bytes(1 << 20))
        granted = self.granted()
        self.assertLess(granted, sent)
        program.setblocking(False)
        taken = 0

        def take() -> bool:
            nonlocal taken
            try:
                taken += len(program.recv(1 << 20))
            except BlockingIOError:
                pass
            return taken == sent

        run_until(self.loop, take)
        self.assertEqual(self.granted(), sent)

    def granted(self) -> int:
        return sum(int.from_bytes(payload, "big") for kind, payload in self.frames_of(1) if kind == frames.GRANT)

    def test_a_reset_is_told(self) -> None:
        program = self.open()
        program.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes((1, 0, 0, 0, 0, 0, 0, 0)))
        program.close()
        self.assertEqual(self.turn_until(frames.CLOSED), b'{"isReset":true}')

    def test_what_was_answered_before_the_program_reads_no_more_is_still_read(self) -> None:
        program = self.open()
        program.sendall(b"too large")
        program.shutdown(socket.SHUT_RD)
        for _ in range(4):
            self.dials.received(frames.STDIN, 1, bytes(1 << 20))
        program.shutdown(socket.SHUT_WR)
        self.turn_until(frames.END)
        self.assertEqual(self.printed(), b"too large")

    def test_the_worker_may_hang_up(self) -> None:
        program = self.open()
        self.dials.received(frames.HANG_UP, 1, b"")
        self.assertEqual(self.frames_of(1)[-1], ENDED[-1])
        self.assertEqual(program.recv(1), b"")

    def test_nothing_listens(self) -> None:
        self.server.close()
        self.dials.open(1, self.port, CREDIT)
        answer = json.loads(self.turn_until(frames.ERROR))
        self.assertEqual(answer, {"message": f"nothing listens on port {self.port}", "code": "nothing-listens"})
        self.assertFalse(self.dials.has(1))

    def test_where_the_first_address_is_refused_the_second_is_tried(self) -> None:
        addresses = dial.ADDRESSES
        self.addCleanup(setattr, dial, "ADDRESSES", addresses)
        self.assertEqual([address for _, address in addresses], ["127.0.0.1", "::1"])
        # Not every machine has the new one.
        dial.ADDRESSES = tuple((addresses[0][0], address) for address in ("127.0.0.2", "127.0.0.1"))
        self.open()

    def test_input_that_comes_before_it_is_connected_is_kept(self) -> None:
        self.dials.open(1, self.port, CREDIT)
        self.dials.received(frames.STDIN, 1, b"early")
        self.turn_until(frames.GRANT)
        accepted, _ = self.server.accept()
        self.assertEqual(self.enterContext(accepted).recv(100), b"early")

    def test_a_program_that_accepts_nothing_gives_no_answer(self) -> None:
        full = self.enterContext(socket.socket())
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [self.enterContext(socket.socket()) for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        self.addCleanup(setattr, dial, "CONNECT_SECONDS", dial.CONNECT_SECONDS)
        dial.CONNECT_SECONDS = 0.1
        started = time.monotonic()
        self.dials.open(1, port, CREDIT)
        self.assertEqual(json.loads(self.turn_until(frames.ERROR))["code"], "no-answer")
        self.assertGreaterEqual(time.monotonic() - started, 0.1)

    def test_there_are_not_too_many(self) -> None:
        self.server.listen(MOST_DIALS)
        for stream in range(MOST_DIALS + 1):
            self.dials.open(stream, self.port, CREDIT)
        self.assertEqual(json.loads(self.turn_until(frames.ERROR, MOST_DIALS))["code"], "too-many-connections")
        for stream in range(MOST_DIALS):
            self.turn_until(frames.DONE, stream)
            self.dials.received(frames.HANG_UP, stream, b"")

    def test_a_kind_that_no_connection_has_is_refused(self) -> None:
        self.open()
        with self.assertRaises(frames.ProtocolError):
            self.dials.received(frames.RESIZE, 1, b"{}")
