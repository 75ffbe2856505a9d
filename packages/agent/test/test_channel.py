import os
import subprocess
import sys
import unittest

import frames

#: A channel has the descriptors 0 and 1 of its process. It sends back what it gets, and leaves with 7 at the end.
ECHO = """
import os
from channel import Channel
from loop import Loop
loop = Loop(lambda: None)
def received(kind, stream, payload):
    channel.send(kind, stream, payload)
    if kind == 99:
        channel.finish()
        os._exit(3)
channel = Channel(loop, received, lambda: os._exit(7))
while True: loop.turn()
"""
LARGE = bytes(range(256)) * 2_000


class Connection(unittest.TestCase):
    def setUp(self) -> None:
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-B", "-c", ECHO]
        self.process = self.enterContext(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env)
        )
        self.addCleanup(self.process.kill)
        self.decoder = frames.Decoder()

    def send(self, data: bytes) -> None:
        assert self.process.stdin is not None
        os.write(self.process.stdin.fileno(), data)

    def receive(self, count: int) -> list[tuple[int, int, bytes]]:
        assert self.process.stdout is not None
        received: list[tuple[int, int, bytes]] = []
        while len(received) < count:
            data = os.read(self.process.stdout.fileno(), 65536)
            assert data, "it has ended"
            received += self.decoder.feed(data)
        return received

    def test_a_frame_arrives_whole_in_whatever_pieces_it_comes(self) -> None:
        for byte in frames.encode(2, 5, b"abc"):
            self.send(bytes((byte,)))
        self.assertEqual(self.receive(1), [(2, 5, b"abc")])

    def test_what_the_worker_does_not_read_yet_waits_and_reading_goes_on(self) -> None:
        for stream in range(8):
            self.send(frames.encode(2, stream, LARGE))
        self.assertEqual(self.receive(8), [(2, stream, LARGE) for stream in range(8)])

    def test_before_it_ends_all_is_sent_however_late_it_is_read(self) -> None:
        self.send(frames.encode(2, 1, LARGE) + frames.encode(99, 1, LARGE))
        self.assertEqual(self.receive(2), [(2, 1, LARGE), (99, 1, LARGE)])
        self.assertEqual(self.process.wait(10), 3)

    def test_the_end_of_the_connection_is_told(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.assertEqual(self.process.wait(10), 7)
