import os
import signal
import subprocess
import sys
import time
import unittest

import tree

#: A session of its own, with a child that has left it, and a process that has left it and has lost its parent, which
#: ends when this one's input does.
FAMILY = """import os, time
read, write = os.pipe()
if os.fork() == 0:
    os.setsid()
    os.write(write, b"1")
    time.sleep(60)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(write, b"1")
        os.read(0, 1)
        os._exit(0)
    os._exit(0)
os.wait()
os.read(read, 1)
os.read(read, 1)
print(flush=True)
while True: pass
"""


@unittest.skipUnless(sys.platform == "linux", "needs /proc")
class Tree(unittest.TestCase):
    def setUp(self) -> None:
        self.family = self.enterContext(
            subprocess.Popen(
                [sys.executable, "-c", FAMILY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
            )
        )
        assert self.family.stdout is not None
        self.family.stdout.readline()
        members = tree.mark(self.family.pid)
        self.addCleanup(lambda: tree.kill(self.family.pid, members))

    def test_a_process_and_its_child_in_another_session_are_one_tree(self) -> None:
        found = tree.find(self.family.pid)
        self.assertEqual(len(found), 2)
        self.assertIn(self.family.pid, found)

    def test_its_processor_time_grows(self) -> None:
        before = tree.cpu_ms(self.family.pid)
        until = time.monotonic() + 20
        while tree.cpu_ms(self.family.pid) < before + 50 and time.monotonic() < until:
            os.sched_yield()
        self.assertGreaterEqual(tree.cpu_ms(self.family.pid), before + 50)

    def test_those_that_were_marked_are_killed_also_when_their_parent_has_died(self) -> None:
        members = set(tree.find(self.family.pid))
        marked = tree.mark(self.family.pid)
        self.assertEqual({pid for pid, _ in marked}, members)
        self.family.kill()
        self.family.wait()
        self.assertEqual(set(tree.find(self.family.pid)), set())
        (child,) = members - {self.family.pid}
        tree.kill(self.family.pid, marked)
        until = time.monotonic() + 20
        while is_running(child) and time.monotonic() < until:
            os.sched_yield()
        self.assertFalse(is_running(child))

    def test_another_process_of_the_same_number_is_not_killed(self) -> None:
        other = self.enterContext(subprocess.Popen(["sleep", "60"], start_new_session=True))
        self.addCleanup(other.kill)
        tree.kill(self.family.pid, {(other.pid, 1)})
        self.assertEqual(self.family.wait(), -signal.SIGKILL)
        self.assertTrue(is_running(other.pid))


def is_running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
