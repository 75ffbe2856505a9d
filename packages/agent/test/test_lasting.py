import json
import os
import socket
import subprocess
import sys
import unittest

import frames
import lasting
from test_cell import DISK_BYTES, USERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from messages import Init

#: A whole agent, as `__main__` starts it in a container.
AGENT = """import os, start_server
end, pid = start_server.start()
if not pid: start_server.serve(end)
import supervisor
from server import StartServer
supervisor.run(StartServer(pid, end, has_interpreter=False))
"""
LIMITS = {"wallMs": 20_000, "cpuMs": None, "outputBytes": None, "killGraceMs": 300, "credit": 1 << 16, "terminal": None}
SERVE = """import socket
with socket.create_server(("127.0.0.1", 8000)) as server:
    one = server.accept()[0]
    one.sendall(one.recv(100).upper())"""


class Counted(unittest.TestCase):
    def test_a_disk_has_as_many_bytes_as_were_written_to_it(self) -> None:
        self.assertGreater(lasting.count_used(os.open("/", os.O_RDONLY)), 0)

    def test_a_refusal_says_what_ran_out(self) -> None:
        full = OSError(11, "Resource temporarily unavailable")
        self.assertEqual(
            lasting.to_reason("no process can be started", full),
            "no process can be started: the sandbox has as many processes as it may",
        )
        self.assertEqual(
            lasting.to_reason("cannot open a terminal", OSError(28, "No space")), "cannot open a terminal: No space"
        )


@unittest.skipUnless(
    os.getpid() == 1 and os.path.exists("/workspace"), "runs only as process 1 of a container of the image"
)
class Sandbox(unittest.TestCase):
    def setUp(self) -> None:
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        pipe = subprocess.PIPE
        self.agent = self.enterContext(
            subprocess.Popen([sys.executable, "-B", "-c", AGENT], stdin=pipe, stdout=pipe, env=env)
        )
        self.decoder = frames.Decoder()
        self.received: list[tuple[int, int, bytes]] = []
        settings: Init = {
            "use": "sandbox",
            "confinement": USERS,
            "diskBytes": DISK_BYTES,
            "processes": 16,
            "workspace": "/home/user",
            "env": {},
            "cpus": 1,
            "warm": None,
        }
        self.send(frames.INIT, 0, settings)
        self.receive(frames.READY, 0)

    def tearDown(self) -> None:
        assert self.agent.stdin is not None
        self.agent.stdin.close()
        self.agent.wait(20)

    def send(self, kind: int, stream: int, payload: object) -> None:
        assert self.agent.stdin is not None
        content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self.agent.stdin.write(frames.encode(kind, stream, content))
        self.agent.stdin.flush()

    def receive(self, kind: int, stream: int) -> bytes:
        """The payload of the next frame of this kind on this stream; others wait."""
        assert self.agent.stdout is not None
        while True:
            for frame in self.received:
                if frame[:2] == (kind, stream):
                    self.received.remove(frame)
                    return frame[2]
            data = os.read(self.agent.stdout.fileno(), 65536)
            assert data, "the agent has ended"
            self.received += self.decoder.feed(data)

    def start(self, stream: int, *argv: str, **over: object) -> int:
        self.send(frames.EXEC, stream, {**LIMITS, "argv": argv, "env": {}, "folder": "/home/user", **over})
        return json.loads(self.receive(frames.DONE, stream))["pid"]

    def finish(self, stream: int) -> tuple[int | None, int | None]:
        report = json.loads(self.receive(frames.EXIT, stream))
        return report["code"], report["signal"]

    def test_commands_run_at_the_same_time_each_with_its_streams(self) -> None:
        self.start(1, "cat")
        self.start(2, "sh", "-c", "echo two >&2; exit 2")
        self.assertEqual(self.receive(frames.STDERR, 2), b"two\n")
        self.assertEqual(self.finish(2), (2, None))
        self.send(frames.STDIN, 1, b"one")
        self.send(frames.STDIN, 1, b"")
        self.assertEqual(self.receive(frames.STDOUT, 1), b"one")
        self.assertEqual(self.finish(1), (0, None))

    def test_a_signal_and_a_limit_end_a_command_and_late_frames_for_it_are_dropped(self) -> None:
        self.start(1, "sleep", "60")
        self.send(frames.SIGNAL, 1, {"signal": 15})
        self.assertEqual(self.finish(1), (None, 15))
        self.send(frames.STDIN, 1, b"late")
        self.start(2, "sh", "-c", "trap '' TERM; while :; do sleep 1; done", wallMs=100)
        report = json.loads(self.receive(frames.EXIT, 2))
        self.assertEqual((report["limit"], report["signal"], report["oomKilled"]), ("wall", 9, False))

    def test_a_command_with_a_terminal_has_its_size(self) -> None:
        self.start(1, "sh", "-c", "stty size; read line; stty size", terminal={"cols": 80, "rows": 24})
        self.assertEqual(self.receive(frames.STDOUT, 1), b"24 80\r\n")
        self.send(frames.RESIZE, 1, {"cols": 90, "rows": 30})
        self.send(frames.STDIN, 1, b"\n")
        self.assertEqual(self.finish(1), (0, None))

    def test_a_task_works_on_files(self) -> None:
        self.send(frames.EXEC, 1, {**LIMITS, "task": {"name": "write", "path": "file"}, "folder": "/home/user"})
        self.send(frames.STDIN, 1, b"content")
        self.send(frames.STDIN, 1, b"")
        self.assertEqual(self.finish(1), (0, None))
        self.start(2, "cat", "file")
        self.assertEqual(self.receive(frames.STDOUT, 2), b"content")

    def test_ports_are_told_and_connected_to(self) -> None:
        self.send(frames.PORTS, 1, {"known": []})
        self.start(2, "python3", "-I", "-c", SERVE)
        self.assertEqual(self.receive(frames.LISTENING, 1), b'{"ports":[8000]}')
        self.send(frames.DIAL, 3, {"port": 8000, "credit": 1000})
        self.assertEqual(self.receive(frames.DONE, 3), b"")
        self.send(frames.STDIN, 3, b"hello")
        self.assertEqual(self.receive(frames.STDOUT, 3), b"HELLO")
        self.send(frames.STDIN, 3, b"")
        self.assertEqual(self.receive(frames.CLOSED, 3), b'{"isReset":false}')
        self.send(frames.DIAL, 4, {"port": 8000, "credit": 1000})
        self.assertEqual(json.loads(self.receive(frames.ERROR, 4))["code"], "nothing-listens")
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", 8000))  # it is not in our network

    def test_no_time_passes_while_it_is_held(self) -> None:
        self.start(1, "sh", "-c", "sleep 0.5; echo done", wallMs=300)
        self.send(frames.ASK, 2, {"what": "hold"})
        self.assertGreater(json.loads(self.receive(frames.ANSWER, 2))["memoryBytes"], 0)
        self.assertEqual(self.receive(frames.STDOUT, 1), b"done\n")
        self.send(frames.ASK, 3, {"what": "release"})
        self.assertEqual(self.finish(1), (0, None))
