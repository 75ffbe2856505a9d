import ctypes
import os
import re
import time
import unittest
from collections.abc import Callable

import start_server
from confinement.cell import Cell
from control import ClosedError
from init import RUNNER
from server import StartServer
from spawn import Pipes
from test_rights import tell
from view import MOST_TERMINALS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from messages import CellUsers

USERS: "CellUsers" = {
    "kind": "cell",
    "agentUid": 70_000,
    "setupUid": 70_001,
    "programUid": 70_002,
    "terminalGid": 70_003,
}
NEIGHBOURS: "CellUsers" = {
    "kind": "cell",
    "agentUid": 70_004,
    "setupUid": 70_005,
    "programUid": 70_006,
    "terminalGid": 70_007,
}
ENV = {"PATH": "/usr/bin:/bin"}
DISK_BYTES = 4 << 20


def run(cell: Cell, program: str) -> str:
    """What it prints. Its namespaces are gone then."""
    pipes = Pipes(cell.own)
    cell.spawn(pipes, ["python3", "-I", "-S", "-c", program], ENV)
    pipes.close_theirs()
    os.set_blocking(pipes.stdout, True)
    os.set_blocking(pipes.stderr, True)
    with os.fdopen(pipes.stdout) as stdout, os.fdopen(pipes.stderr) as stderr:
        return stdout.read() + stderr.read()


def end(cell: Cell) -> None:
    cell.kill_everything()
    cell.end_now()


def in_cell(act: Callable[[Cell], str], users: "CellUsers" = USERS) -> str:
    """Calls it in an agent of its own, which has made one place for a program."""

    def be_agent() -> str:
        control, pid = start_server.start()
        if not pid:
            try:
                start_server.serve(control)
            finally:
                os._exit(1)
        cell = Cell(users, DISK_BYTES, "/workspace", StartServer(pid, control, has_interpreter=False))
        cell.enter()
        cell.renew()
        try:
            return act(cell)
        finally:
            end(cell)

    return tell(be_agent)


#: Whether there were about as many as a user has.
USE_UP_INOTIFY = """import ctypes, time
libc = ctypes.CDLL(None)
count = 0
while libc.inotify_init() >= 0: count += 1
print(count > 100, flush=True)"""


def hold(cell: Cell, program: str, up: int, go: int) -> str:
    """Runs a program that does not end, passes on what it prints, and ends it when the other end of `go` is closed."""
    pipes = Pipes(cell.own)
    cell.spawn(pipes, ["python3", "-I", "-c", f"{program}; time.sleep(60)"], ENV)
    pipes.close_theirs()
    os.set_blocking(pipes.stdout, True)
    os.write(up, os.read(pipes.stdout, 100))
    os.close(up)
    os.read(go, 1)
    return ""


@unittest.skipUnless(os.path.exists("/workspace") and os.getuid() == 0, "needs the image, as root")
class InCell(unittest.TestCase):
    maxDiff = None

    def ask(self, program: str) -> str:
        return in_cell(lambda cell: run(cell, program))

    def test_a_program_has_one_user_no_capability_and_gains_none(self) -> None:
        status = self.ask("print(open('/proc/self/status').read())")
        wanted = ("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp")
        found = dict(re.findall(r"^(\w+):\s*(.*?)\s*$", status, re.MULTILINE))
        self.assertEqual(
            [found[name] for name in wanted],
            [f"{RUNNER}\t" * 3 + str(RUNNER)] * 2 + [str(RUNNER)] + ["0" * 16] * 5 + ["1", "2"],
        )

    def test_a_program_keeps_no_capability_when_it_changes_its_user(self) -> None:
        self.assertEqual(self.ask("import ctypes; print(ctypes.CDLL(None).prctl(7, 0, 0, 0, 0))"), "0\n")

    def test_process_1_cannot_be_reached(self) -> None:
        program = """import os
os.listdir("/proc/1")
for name in ("environ", "mem", "maps", "cwd", "root", "exe", "fd", "ns/mnt", "ns/user"):
    try:
        path = f"/proc/1/{name}"
        if name == "fd": os.listdir(path)
        elif name in ("environ", "mem", "maps"): open(path).read()
        else: os.readlink(path)
        print("opened", name)
    except PermissionError:
        pass
for name in ("oom_score_adj", "timerslack_ns", "coredump_filter", "comm", "mem", "clear_refs"):
    try:
        with open(f"/proc/1/{name}", "w") as file: file.write("1")
        print("writes", name)
    except PermissionError:
        pass
for number in (9, 15, 19):
    try:
        os.kill(1, number)
        print("signals")
    except PermissionError:
        pass
print("done", sorted(int(name) for name in os.listdir("/proc") if name.isdigit()) == [1, os.getpid()], os.getppid())"""
        self.assertEqual(self.ask(program), "done True 1\n")

    def test_the_network_is_its_own_and_has_small_buffers(self) -> None:
        program = """for name in ("tcp_rmem", "tcp_wmem", "ip_unprivileged_port_start"):
    print(*open(f"/proc/sys/net/ipv4/{name}").read().split())
import _socket
server = _socket.socket(); server.bind(("127.0.0.1", 80)); server.listen()
client = _socket.socket(); client.connect(("127.0.0.1", 80)); print("connected")"""
        self.assertEqual(self.ask(program), "4096 65536 131072\n4096 16384 65536\n0\nconnected\n")

    def test_places_are_new_and_as_large_as_asked_for(self) -> None:
        program = """import os
for folder in ("/workspace", "/tmp", "/dev/shm"):
    state = os.statvfs(folder)
    print(state.f_blocks * state.f_frsize, os.listdir(folder))
    open(f"{folder}/left", "w").write("x")"""
        sizes = (DISK_BYTES, DISK_BYTES // 4, 16 << 20)

        def twice(cell: Cell) -> str:
            first = run(cell, program)
            end(cell)
            cell.renew()
            return first + run(cell, program)

        self.assertEqual(in_cell(twice), "".join(f"{size} []\n" for size in sizes) * 2)

    def test_a_program_that_cannot_start_says_why(self) -> None:
        def start(cell: Cell) -> str:
            try:
                cell.spawn(Pipes(cell.own), ["nothing-like-that"], ENV)
            except OSError as error:
                return str(error.strerror)
            return "started"

        self.assertEqual(in_cell(start), "nothing-like-that: No such file or directory")

    def test_a_terminal_is_the_programs_and_of_the_group_tty(self) -> None:
        def open_terminal(cell: Cell) -> str:
            master, slave = cell.open_terminal()
            state = os.fstat(slave)
            return f"{os.isatty(master)} {state.st_uid} {state.st_gid} {state.st_mode & 0o777:o}"

        self.assertEqual(in_cell(open_terminal), "True 70002 70003 620")

    def test_a_program_gets_a_bounded_number_of_terminals(self) -> None:
        program = """import os
kept = []
try:
    while True: kept.append(os.openpty())
except OSError as error: print(len(kept), error.strerror)"""
        self.assertEqual(self.ask(program), f"{MOST_TERMINALS} No space left on device\n")

    def test_files_are_written_as_the_program(self) -> None:
        def write(cell: Cell) -> str:
            name, content = b"folder/file", b"content"
            packed = bytearray(len(name).to_bytes(4) + len(content).to_bytes(4) + name + content)
            faults: list[str] = []
            cell.new_writer(None).write(packed, faults.append)  # pyright: ignore[reportArgumentType]
            look = """import os
state = os.stat("folder/file")
print(state.st_uid, oct(state.st_mode), open("folder/file").read())"""
            return f"{faults} {run(cell, look)}"

        self.assertEqual(in_cell(write), f"[''] {RUNNER} 0o100644 content\n")

    def test_everything_dies_with_process_1_whatever_it_did(self) -> None:
        program = """import os, signal, time
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
for _ in range(4):
    if os.fork() == 0:
        os.setsid()
        if os.fork(): os._exit(0)
        print("up", flush=True)
        os.kill(os.getpid(), signal.SIGSTOP)
        time.sleep(60)
time.sleep(60)"""

        def kill_all(cell: Cell) -> str:
            pipes = Pipes(cell.own)
            cell.spawn(pipes, ["python3", "-I", "-c", program], ENV)
            pipes.close_theirs()
            os.set_blocking(pipes.stdout, True)
            said = b""
            while said.count(b"up") < 4:
                said += os.read(pipes.stdout, 100)
            started = time.monotonic()
            end(cell)
            # The end of the pipe proves that nobody is left.
            return f"{os.read(pipes.stdout, 100)!r} {time.monotonic() - started < 2}"

        self.assertEqual(in_cell(kill_all), "b'' True")

    def test_the_status_of_the_main_process_is_told_and_then_all_is_gone(self) -> None:
        def fail(cell: Cell) -> str:
            pipes = Pipes(cell.own)
            cell.spawn(pipes, ["sh", "-c", "sleep 60 & exit 7"], ENV)
            pipes.close_theirs()
            os.set_blocking(pipes.stdout, True)
            at_end = os.read(pipes.stdout, 100)
            try:
                cell.open_terminal()
            except (OSError, ClosedError):
                return f"{at_end!r} {os.waitstatus_to_exitcode(cell.status or 0)} {(cell.peak_memory_bytes or 0) > 0}"
            return "it goes on"

        self.assertEqual(in_cell(fail), "b'' 7 True")

    def test_one_cell_that_uses_up_inotify_leaves_its_neighbour_and_the_host_theirs(self) -> None:
        (is_up, up), (go, goes) = os.pipe(), os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(goes)
            try:
                in_cell(lambda cell: hold(cell, USE_UP_INOTIFY, up, go))
            finally:
                os._exit(0)
        os.close(up)
        self.assertEqual(os.read(is_up, 100), b"True\n")
        self.assertGreaterEqual(ctypes.CDLL(None).inotify_init(), 0)
        self.assertEqual(in_cell(lambda cell: run(cell, USE_UP_INOTIFY), NEIGHBOURS), "True\n")
        os.close(goes)
        os.waitpid(pid, 0)
        os.close(go)
        os.close(is_up)
