import os
import unittest

import outlast
from test_rights import read_status, tell


@unittest.skipUnless(os.path.exists("/proc/self/status"), "needs /proc")
class Outlasting(unittest.TestCase):
    def test_the_agent_becomes_small_and_unlikely_to_be_killed_step_by_step(self) -> None:
        def become_small() -> str:
            with open("/proc/self/oom_score_adj", "w") as file:
                file.write("500")
            before = int(read_status()["RssFile"].split()[0])
            steps = len(list(outlast.outlast_programs()))
            after = int(read_status()["RssFile"].split()[0])
            with open("/proc/self/oom_score_adj") as file:
                return f"{file.read().strip()} {steps >= 3} {after < before}"

        with open("/proc/self/oom_score_adj") as file:
            lowest = file.read().strip()
        self.assertEqual(tell(become_small), f"{lowest if int(lowest) > 0 else 0} True True")
