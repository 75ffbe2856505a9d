import os
import signal
import subprocess
import unittest

import kill


class Killing(unittest.TestCase):
    def start(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(["sleep", "60"], start_new_session=True)

    def test_a_stopped_group_wakes_up_to_get_its_signal(self) -> None:
        program = self.start()
        os.kill(program.pid, signal.SIGSTOP)
        kill.signal_group(program.pid, signal.SIGTERM)
        self.assertEqual(program.wait(10), -signal.SIGTERM)

    def test_what_is_gone_is_no_error(self) -> None:
        program = self.start()
        kill.kill_if_there(program.pid)
        self.assertEqual(program.wait(10), -signal.SIGKILL)
        kill.kill_if_there(program.pid)
        kill.signal_group(program.pid, signal.SIGTERM)
