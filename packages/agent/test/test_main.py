import json
import os
import subprocess
import sys
import tempfile
import unittest

import frames
import supervisor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from messages import Init

RUN = "import runpy, sys; runpy.run_path(sys.argv[1], run_name='__main__')"


class Program(unittest.TestCase):
    def test_the_folder_of_the_agent_is_a_program_that_gets_ready_and_ends_with_its_input(self) -> None:
        workspace = self.enterContext(tempfile.TemporaryDirectory())
        settings: Init = {
            "use": "programs",
            "confinement": {"kind": "local"},
            "diskBytes": 0,
            "processes": 1,
            "workspace": workspace,
            "env": {},
            "cpus": 1,
            "warm": None,
        }
        given = frames.encode(frames.INIT, 0, json.dumps(settings).encode())
        command = [sys.executable, "-B", "-c", RUN, os.path.dirname(supervisor.__file__)]
        done = subprocess.run(command, input=given, capture_output=True, timeout=30, check=False)
        (ready,) = frames.Decoder().feed(done.stdout)
        self.assertEqual((ready[0], json.loads(ready[2])["protocol"]), (frames.READY, frames.PROTOCOL))
        self.assertEqual((done.stderr, done.returncode), (b"", 0))
