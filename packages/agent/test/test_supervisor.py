import json
import os
import resource
import subprocess
import sys
import tempfile
import unittest

import frames

TYPE_CHECKING = False
if TYPE_CHECKING:
    from messages import Exec, Init

#: With all that the agent would load later, because it can open nothing then.
START = "import terminal, confinement.local, supervisor; supervisor.run()"


@unittest.skipUnless(hasattr(resource, "prlimit"), "only Linux changes the limits of another process")
class WithoutTerminals(unittest.TestCase):
    def setUp(self) -> None:
        self.workspace = self.enterContext(tempfile.TemporaryDirectory())
        command = [sys.executable, "-B", "-c", START]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        self.agent = self.enterContext(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env)
        )
        self.addCleanup(self.agent.kill)
        self.decoder = frames.Decoder()

    def send(self, kind: int, stream: int, payload: "Init | Exec") -> None:
        assert self.agent.stdin is not None
        self.agent.stdin.write(frames.encode(kind, stream, json.dumps(payload).encode()))
        self.agent.stdin.flush()

    def receive(self) -> tuple[int, int, object]:
        """Each frame answers what was sent before it, so only one comes at a time."""
        assert self.agent.stdout is not None
        while data := os.read(self.agent.stdout.fileno(), 65536):
            for kind, stream, payload in list(self.decoder.feed(data)):
                return kind, stream, json.loads(payload)
        return self.fail("the agent has ended")

    def test_a_program_that_needs_a_terminal_gets_an_error_that_says_why(self) -> None:
        settings: Init = {
            "use": "programs",
            "confinement": {"kind": "local"},
            "diskBytes": 0,
            "processes": 1,
            "workspace": self.workspace,
            "env": {},
            "cpus": 1,
            "warm": None,
        }
        program: Exec = {
            "argv": ["true"],
            "env": {},
            "coldEnv": {},
            "wallMs": 10_000,
            "cpuMs": 10_000,
            "outputBytes": 1_000,
            "killGraceMs": 300,
            "credit": 1_000,
            "diskBytes": 0,
            "terminal": {"cols": 80, "rows": 24},
        }
        self.send(frames.INIT, 0, settings)
        self.assertEqual(self.receive()[0], frames.READY)
        # Nothing more can be opened, as where the host has no more terminals. What is open stays open.
        resource.prlimit(self.agent.pid, resource.RLIMIT_NOFILE, (3, 3))
        self.send(frames.EXEC, 1, program)
        reason = {"message": "cannot open a terminal: Too many open files"}
        self.assertEqual(self.receive(), (frames.ERROR, 1, reason))
        self.assertEqual(self.agent.wait(), 0)
