import os
import subprocess
import sys
import unittest

#: The child ends as Python does where it finds no file of the program's name.
REHEARSE = """
import os, sys
import rehearsal
pid, pipe = rehearsal.start()
if not pid:
    sys.exit(rehearsal.EXIT_CODE_WITHOUT_FILE)
places = rehearsal.finish(pid, pipe)
try:
    os.kill(pid, 0)
    print("it lives")
except ProcessLookupError:
    print(len(places) > 0, all(size > 0 and size % os.sysconf("SC_PAGE_SIZE") == 0 for _, size in places))
"""


@unittest.skipUnless(os.path.exists("/proc/self/pagemap"), "needs Linux")
class Rehearsal(unittest.TestCase):
    def test_it_finds_the_pages_that_a_program_writes_to_prints_nothing_and_is_gone(self) -> None:
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(
            [sys.executable, "-B", "-c", REHEARSE], env=env, capture_output=True, timeout=30, check=False
        )
        self.assertEqual((done.stdout, done.stderr, done.returncode), (b"True True\n", b"", 0))
