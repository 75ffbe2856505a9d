import os
import tempfile
import unittest

from counted import Counted
from usage import Usage

FILES = {
    "cgroup.controllers": "",
    "cpu.stat": "usage_usec 1000000\n",
    "memory.peak": "500\n",
    "memory.events": "oom_kill 2\n",
    "pids.events": "max 3\n",
}
LATER = {
    "cpu.stat": "usage_usec 1250000\n",
    "memory.events": "oom_kill 3\n",
    "pids.events": "max 7\n",
}


class OfOneProgram(unittest.TestCase):
    def setUp(self) -> None:
        self.root = self.enterContext(tempfile.TemporaryDirectory())
        self.write(FILES)
        self.usage = Usage("cell", lambda: 0.0, self.root)

    def write(self, files: dict[str, str]) -> None:
        for name, content in files.items():
            with open(os.path.join(self.root, name), "w") as file:
                file.write(content)

    def test_what_was_counted_before_it_is_not_its_own(self) -> None:
        counted = Counted(self.usage, is_first=False)
        counted.begin()
        self.write(LATER)
        self.assertEqual((counted.cpu_ms(), counted.oom_kills(), counted.refused_forks()), (250, 1, 4))

    def test_its_highest_memory_is_known_if_it_is_the_first_or_the_highest(self) -> None:
        for is_first, peak, expected in ((True, 500, 500), (False, 500, 123), (False, 600, 600)):
            self.write(FILES)
            counted = Counted(self.usage, is_first=is_first)
            counted.begin()
            self.write({"memory.peak": f"{peak}\n"})
            self.assertEqual(counted.peak_memory_bytes(123), expected)
