import os
import resource
import struct
import unittest

from init import BYTES_OF_RUSAGE
from lasting_init import to_cpu_ms
from test_place import Playground, in_place


class Times(unittest.TestCase):
    def test_both_times_of_the_kernels_record_are_added(self) -> None:
        usage = struct.pack("=4q", 1, 200_000, 0, 34_999).ljust(BYTES_OF_RUSAGE, b"\0")
        self.assertEqual(to_cpu_ms(usage), 1_234)


@unittest.skipUnless(os.path.exists("/workspace") and os.getuid() == 0, "needs the image, as root")
class Process1(unittest.TestCase):
    def test_a_signal_reaches_the_group_of_a_command_and_nobody_else(self) -> None:
        def act(here: Playground) -> str:
            other, _ = here.start("sleep", "60", number=2)
            pid, pipes = here.start("sh", "-c", "trap 'echo got it; exit 4' USR1; echo up; sleep 60 & wait")
            os.read(pipes.stdout, 100)
            here.place.signal(pid, 10)
            code = here.until_dead(pid)
            here.place.signal(1, 9)  # process 1 is no command
            return f"{code} {os.read(pipes.stdout, 100)!r} {here.finish('kill', '-0', str(other))[-1]}"

        self.assertEqual(in_place(act), "4 b'got it\\n' 0")

    def test_it_waits_for_orphans_and_tells_of_main_processes_only(self) -> None:
        orphan = "import os, time\nif os.fork() == 0: time.sleep(0.05)"
        alone = """import os
while {int(name) for name in os.listdir("/proc") if name.isdigit()} != {1, os.getpid()}: pass"""

        def act(here: Playground) -> str:
            said = here.finish("python3", "-I", "-c", orphan) + here.finish("python3", "-I", "-c", alone)
            return f"{said} {len(here.deaths)}"

        self.assertEqual(in_place(act), "b'' b'' 0b'' b'' 0 2")

    def test_a_command_has_no_limits_but_those_of_the_sandbox(self) -> None:
        def act(here: Playground) -> str:
            program = "from resource import *; print(getrlimit(RLIMIT_CPU), getrlimit(RLIMIT_NPROC))"
            return here.finish("python3", "-I", "-c", program)

        self.assertEqual(in_place(act), f"b'({resource.RLIM_INFINITY}, {resource.RLIM_INFINITY}) (16, 16)\\n' b'' 0")
