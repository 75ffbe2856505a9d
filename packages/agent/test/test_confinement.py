import os
import signal
import subprocess
import unittest
from collections.abc import Callable

import confinement
import execute
from confinement.container import Container
from confinement.local import Local
from spawn import Pipes
from test_output import make_loop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from messages import CellUsers, ContainerUser, Init, NoIsolation

UID = 1_234_567
SLEEP = ["sleep", "60"]

needs_root = unittest.skipUnless(os.path.exists("/proc/self/oom_score_adj") and os.getuid() == 0, "needs root on Linux")
#: A mistake here would kill every process of the machine.
needs_container = unittest.skipUnless(os.getpid() == 1, "runs only as process 1 of a container")


def run_in_child(act: Callable[[], None]) -> int:
    """Calls it in a forked child; returns 0 where it returned."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            act()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


class Locally(unittest.TestCase):
    def setUp(self) -> None:
        self.local = Local("/tmp")

    def start(self, *argv: str) -> int:
        pipes = Pipes(self.local.own)
        pid = self.local.spawn(pipes, list(argv), dict(os.environ))
        pipes.close_theirs()
        for fd in (pipes.stdin, pipes.stdout, pipes.stderr):
            assert fd is not None
            os.close(fd)
        pipes.order.close()
        return pid

    def test_all_processes_of_a_group_are_killed(self) -> None:
        pid = self.start("sh", "-c", "sleep 60 & wait")
        self.local.kill_everything()
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), -signal.SIGKILL)
        self.assertTrue(is_group_dead(pid))

    def test_a_group_that_is_gone_is_no_error(self) -> None:
        pid = self.start("true")
        os.waitpid(pid, 0)
        self.local.kill_everything()

    @unittest.skipUnless(os.path.exists("/proc/self/task"), "needs /proc")
    def test_children_of_no_known_group_are_killed(self) -> None:
        child = subprocess.Popen(SLEEP, start_new_session=True)
        self.local.kill_everything()
        self.assertEqual(child.wait(10), -signal.SIGKILL)

    def test_a_program_that_cannot_start_says_why(self) -> None:
        pipes = Pipes(self.local.own)
        with self.assertRaises(OSError) as caught:
            self.local.spawn(pipes, ["no-such-program"], dict(os.environ))
        self.assertEqual(caught.exception.strerror, "no-such-program: No such file or directory")


def is_group_dead(group: int) -> bool:
    """Soon: what was killed is a zombie until its new parent has waited for it."""
    try:
        for _ in range(1_000):
            os.killpg(group, 0)
            try:
                os.waitpid(-group, 0)
            except ChildProcessError:
                pass
            subprocess.run(["sleep", "0.01"], check=True)
    except ProcessLookupError:
        return True
    return False


@needs_root
class InContainer(unittest.TestCase):
    def test_a_child_becomes_the_user_for_good(self) -> None:
        def become() -> None:
            Container(UID, "/tmp", None).assume()
            assert os.getresuid() == (UID, UID, UID)
            assert os.getresgid() == (UID, UID, UID)
            assert os.getgroups() == [UID]
            try:
                os.setuid(0)
            except PermissionError:
                return
            raise AssertionError("came back to root")

        self.assertEqual(run_in_child(become), 0)

    def test_the_program_dies_of_memory_before_the_agent(self) -> None:
        def become() -> None:
            Container(UID, "/tmp", None).assume()
            with open("/proc/self/oom_score_adj") as file:
                assert file.read() == "1000\n"

        self.assertEqual(run_in_child(become), 0)

    def test_a_program_owns_its_own_streams(self) -> None:
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.addCleanup(os.close, writer)
        Container(UID, "/tmp", None).own(writer)
        self.assertEqual((os.fstat(writer).st_uid, os.fstat(writer).st_gid), (UID, UID))

    @needs_container
    def test_everything_in_a_container_is_killed_in_one_step(self) -> None:
        container = Container(UID, "/tmp", None)
        programs = [subprocess.Popen(SLEEP), subprocess.Popen(SLEEP, user=UID, group=UID, extra_groups=[])]
        container.kill_everything()
        self.assertEqual([program.wait(10) for program in programs], [-signal.SIGKILL] * 2)


class Choosing(unittest.TestCase):
    def test_only_the_kind_that_is_asked_for_is_made(self) -> None:
        def create(kind: "CellUsers | ContainerUser | NoIsolation") -> "confinement.Confinement":
            settings: Init = {
                "use": "programs",
                "confinement": kind,
                "diskBytes": 0,
                "processes": 0,
                "workspace": "/tmp",
                "env": {},
                "cpus": 1,
                "warm": None,
            }
            return confinement.create(settings, None, make_loop(self))

        self.assertEqual(create({"kind": "local"}).kind, "local")
        self.assertEqual(create({"kind": "container", "uid": UID}).kind, "container")
        with self.assertRaisesRegex(RuntimeError, "a cell needs a start server"):
            create({"kind": "cell", "agentUid": 1, "setupUid": 2, "programUid": 3, "terminalGid": 4})


class Signals(unittest.TestCase):
    def test_a_program_gets_the_defaults_back(self) -> None:
        def restore() -> None:
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            execute.restore_signals()
            for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD):
                assert signal.getsignal(number) == signal.SIG_DFL

        self.assertEqual(run_in_child(restore), 0)
