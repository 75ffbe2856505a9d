import os
import signal
import socket
import unittest
from collections.abc import Callable

import start_server
from confinement.place import Death, Place
from confinement.run import Run, RunUsage
from listening import AF_NETLINK, SOCK_DIAG, SOCK_RAW, Listening
from loop import Loop
from memory_kills import MemoryKills
from server import StartServer
from spawn import Pipes
from test_cell import DISK_BYTES, ENV, USERS, end
from test_output import run_until
from test_rights import tell
from usage import Usage

PROCESSES = 16
HOME = "/home/user"
#: Leaves its session and its parent, says its number, and lives on.
DAEMON = """import os, time
if os.fork(): os.wait(); time.sleep(60)
os.setsid()
if os.fork(): os._exit(0)
print(os.getpid(), flush=True)
time.sleep(60)"""


class Playground:
    """A place, and what has died in it."""

    def __init__(self, place: Place, loop: Loop) -> None:
        self.place = place
        self.loop = loop
        self.deaths: dict[int, Death] = {}
        #: Called in each turn of the loop, before what process 1 has sent is looked at.
        self.in_each_turn: Callable[[], None] = lambda: None
        ended, writer = os.pipe()
        os.close(writer)
        loop.read_when_ready(ended, self._turn)
        place.listen(lambda death: self.deaths.update({death.pid: death}))

    def _turn(self) -> None:
        self.in_each_turn()

    def start(self, *argv: str, number: int = 1) -> tuple[int, Pipes]:
        pipes = Pipes(self.place.own)
        pid = self.place.command(number, pipes, list(argv), ENV, HOME)
        pipes.close_theirs()
        os.set_blocking(pipes.stdout, True)
        return pid, pipes

    def until_dead(self, pid: int) -> int:
        run_until(self.loop, lambda: pid in self.deaths)
        return os.waitstatus_to_exitcode(self.deaths[pid].status)

    def finish(self, *argv: str) -> str:
        """What it prints, and its exit code."""
        pid, pipes = self.start(*argv)
        code = self.until_dead(pid)
        return f"{os.read(pipes.stdout, 1000)!r} {os.read(pipes.stderr, 1000)!r} {code}"


def in_place(act: Callable[[Playground], str]) -> str:
    """Calls it in an agent of its own, which has made a place that lasts."""

    def be_agent() -> str:
        control, pid = start_server.start()
        if not pid:
            try:
                start_server.serve(control)
            finally:
                os._exit(1)
        loop = Loop(lambda: None)
        server = StartServer(pid, control, has_interpreter=False)
        place = Place(USERS, DISK_BYTES, PROCESSES, HOME, server, loop)
        place.enter()
        place.renew()
        try:
            return act(Playground(place, loop))
        finally:
            end(place)

    return tell(be_agent)


class Message(unittest.TestCase):
    def test_a_death_says_who_how_and_what_it_used(self) -> None:
        death = Death(b".12 256 2048 34")
        self.assertEqual((death.pid, death.status, death.peak_memory_bytes, death.cpu_ms), (12, 256, 2 << 20, 34))


@unittest.skipUnless(os.path.exists("/workspace") and os.getuid() == 0, "needs the image, as root")
class InPlace(unittest.TestCase):
    maxDiff = None

    def test_commands_follow_each_other_in_what_they_left(self) -> None:
        def act(here: Playground) -> str:
            first = here.finish("sh", "-c", "pwd; id -un; echo kept > file")
            return first + here.finish("sh", "-c", "cat file; exit 3")

        self.assertEqual(in_place(act), "b'/home/user\\nrunner\\n' b'' 0b'kept\\n' b'' 3")

    def test_a_death_may_come_before_an_answer_in_the_same_turn(self) -> None:
        def act(here: Playground) -> str:
            signal.alarm(20)
            kind = int(socket.AF_INET), int(socket.SOCK_STREAM), 0
            here.in_each_turn = lambda: here.place.open_socket(*kind).close()
            codes = [here.until_dead(here.start("true")[0]) for _ in range(100)]
            return str(set(codes))

        self.assertEqual(in_place(act), "{0}")

    def test_one_that_cannot_be_executed_says_why_as_a_shell_does(self) -> None:
        self.assertEqual(
            in_place(lambda here: here.finish("nothing-like-that")),
            "b'' b'nothing-like-that: No such file or directory\\n' 127",
        )
        self.assertEqual(in_place(lambda here: here.finish("/etc")), "b'' b'/etc: Permission denied\\n' 126")

    def test_a_task_runs_as_the_programs_user(self) -> None:
        def act(here: Playground) -> str:
            here.finish("sh", "-c", "echo hello > file; chmod 600 file")
            pipes = Pipes(here.place.own)
            pid = here.place.task(pipes, {"name": "read", "path": "file"}, HOME)
            pipes.close_theirs()
            return f"{here.until_dead(pid)} {os.read(pipes.stdout, 100)!r}"

        self.assertEqual(in_place(act), "0 b'hello\\n'")

    def test_its_processes_are_bounded(self) -> None:
        program = """import os, time
count = 1
try:
    while True:
        if os.fork() == 0: time.sleep(60)
        count += 1
except BlockingIOError: print(count)"""

        def act(here: Playground) -> str:
            pid, pipes = here.start("python3", "-I", "-c", program)
            here.until_dead(pid)
            return os.read(pipes.stdout, 100).decode()

        self.assertEqual(in_place(act), f"{PROCESSES}\n")

    def test_a_command_is_killed_with_the_daemons_that_it_started_and_others_live_on(self) -> None:
        def act(here: Playground) -> str:
            other, others = here.start("python3", "-I", "-c", DAEMON, number=2)
            os.read(others.stdout, 100)
            pid, pipes = here.start("python3", "-I", "-c", DAEMON, number=1)
            daemon = int(os.read(pipes.stdout, 100))
            here.place.kill_tree(pid, 1)
            code = here.until_dead(pid)
            # The end of the pipe proves that nobody is left who has it.
            at_end = os.read(pipes.stdout, 100)
            gone = here.finish("kill", "-0", str(daemon))[-1]
            lives = here.finish("kill", "-0", str(other))[-1]
            return f"{code} {at_end!r} {gone} {lives}"

        self.assertEqual(in_place(act), "-9 b'' 1 0")

    def test_a_socket_of_its_network_reaches_its_programs_from_outside(self) -> None:
        program = """import socket
with socket.create_server(("127.0.0.1", 8000)) as server:
    print("up", flush=True)
    one = server.accept()[0]
    one.sendall(b"hello")"""

        def act(here: Playground) -> str:
            _, pipes = here.start("python3", "-I", "-c", program)
            os.read(pipes.stdout, 100)
            asked = here.place.open_socket(AF_NETLINK, SOCK_RAW, SOCK_DIAG)
            ports = Listening(asked).look()
            one = here.place.open_socket(int(socket.AF_INET), int(socket.SOCK_STREAM), 0)
            owner = os.fstat(one.fileno()).st_uid
            one.connect(("127.0.0.1", 8000))
            said = one.recv(5)
            for each in (asked, one):
                each.close()
            return f"{ports} {owner == USERS['programUid']} {said!r}"

        self.assertEqual(in_place(act), "[8000] True b'hello'")

    def test_a_run_has_its_own_time_memory_and_end(self) -> None:
        def act(here: Playground) -> str:
            run = Run(here.place, 5)
            used = RunUsage(run, Usage("cell", lambda: 0.0), MemoryKills(lambda: 0))
            pipes = Pipes(here.place.own)
            pid = run.start_command(pipes, ["python3", "-I", "-c", "while True: pass"], ENV, HOME)
            run_until(here.loop, lambda: used.cpu_seconds() >= 0.05)
            before = run.was_killed
            run.kill_everything()
            here.until_dead(pid)
            used.died(here.deaths[pid], is_alone=True)
            peak = used.peak_memory_bytes() or 0
            return f"{before} {run.was_killed} {used.cpu_seconds() >= 0.04} {peak > 1 << 20} {used.oom_kills()}"

        self.assertEqual(in_place(act), "False True True True 0")
