import itertools
import os
import subprocess
import sys
import time
import unittest

import tree

#: A session of its own, with a child that has left it, and a process that has left it and has lost its parent.
#: It prints their numbers.
FAMILY = """import os, sys, time, tree
tree.mark(int(sys.argv[1]))
read, write = os.pipe()
child = os.fork()
if child == 0:
    os.setsid()
    os.write(write, b"\\n")
    time.sleep(60)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(write, b"%d\\n" % os.getpid())
        time.sleep(60)
    os._exit(0)
os.wait()
said = b""
while said.count(b"\\n") < 2: said += os.read(read, 100)
print(child, int(said), flush=True)
while True: pass
"""


#: A process that nobody waits for keeps its mark.
NUMBERS = itertools.count(1)


@unittest.skipUnless(sys.platform == "linux", "needs /proc")
class Tree(unittest.TestCase):
    def setUp(self) -> None:
        self.number = next(NUMBERS)
        self.family = self.start(self.number)
        self.child, self.orphan = self.read_numbers(self.family)

    def start(self, number: int) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-B", "-c", FAMILY, str(number)]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        family = self.enterContext(subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True, env=env))
        self.addCleanup(tree.kill, family.pid, number)
        return family

    def read_numbers(self, family: subprocess.Popen[bytes]) -> tuple[int, int]:
        assert family.stdout is not None
        child, orphan = family.stdout.readline().split()
        return int(child), int(orphan)

    def test_its_session_its_children_and_those_that_have_left_both_are_one_tree(self) -> None:
        self.assertEqual(set(tree.find(self.family.pid, self.number)), {self.family.pid, self.child, self.orphan})

    def test_those_of_another_number_are_not_its_own(self) -> None:
        number = next(NUMBERS)
        self.assertEqual(set(tree.find(self.family.pid, number)), {self.family.pid, self.child})
        other = self.start(number)
        others = {other.pid, *self.read_numbers(other)}
        self.assertEqual(set(tree.find(other.pid, number)), others)
        tree.kill(self.family.pid, self.number)
        self.assertEqual(set(tree.find(other.pid, number)), others)

    def test_its_processor_time_grows(self) -> None:
        before = tree.cpu_ms(self.family.pid, self.number)
        until = time.monotonic() + 20
        while tree.cpu_ms(self.family.pid, self.number) < before + 50 and time.monotonic() < until:
            os.sched_yield()
        self.assertGreaterEqual(tree.cpu_ms(self.family.pid, self.number), before + 50)

    def test_all_of_them_are_killed_also_when_their_parent_has_died(self) -> None:
        self.family.kill()
        self.family.wait()
        self.assertEqual(set(tree.find(self.family.pid, self.number)), {self.child, self.orphan})
        tree.kill(self.family.pid, self.number)
        until = time.monotonic() + 20
        while (is_running(self.child) or is_running(self.orphan)) and time.monotonic() < until:
            os.sched_yield()
        self.assertEqual((is_running(self.child), is_running(self.orphan)), (False, False))


def is_running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
