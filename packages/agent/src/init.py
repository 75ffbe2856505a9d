"""Process 1 of a program's namespaces. It stands between the agent, which cannot enter them, and the program.

1. It is cloned into new namespaces, and waits until the agent has said which users there are (uid_map).
2. It builds what a program sees (view.py), and keeps four capabilities over its own namespaces.
3. It serves requests of the agent. Each is answered, in order.
4. It waits for all that dies here, as process 1 must.
5. When the main process has died, it tells the agent and exits. Then the kernel kills and takes apart everything here.
   To end a program sooner, the agent kills this process.

A program cannot reach it: it has another user, and in /proc it belongs to nobody.

    ──▶ setup      bytes of the workspace                     ◀── =, with a descriptor for each place to write, or ! …
    ──▶ fork       5 descriptors: interpreter.py              ◀── =pid
    ──▶ spawn      command; 3 descriptors or 5                ◀── =pid, or !, the number of an error, why
    ──▶ files      a pipe to read them from                   ◀── =why not
    ──▶ terminal                                              ◀── =, with both ends of a new one
    ──▶ discard    kills the main process                     ◀── =, when it is gone
    ──▶ signal     a signal for the main process's group
                                                              ◀── .status and KiB of memory: the main process has died
"""

import _socket
import marshal
import posix
import select
import sys

import execute
import files
import libc
import rights
import view

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from typing import Any

    from control import Control
    from syscall_filter import SyscallFilter
else:
    import _signal as signal

#: The same in every cell: what it is outside is another one in each. /etc/passwd calls it `runner`.
RUNNER = 10_001
WORKSPACE = "/workspace"
DISKS = (WORKSPACE, "/tmp")
TIOCSCTTY, SIOCSIFFLAGS = 0x540E, 0x8914
IFF_UP, IFF_RUNNING = 0x01, 0x40
NULL = "/dev/null"

#: struct rusage, and where the most memory is in it, in KiB.
BYTES_OF_RUSAGE, MAXRSS = 144, slice(32, 40)

_ioctl = libc.find("ioctl")
_wait4 = libc.find("wait4")


class Init:
    def __init__(self, control: "Control", program_filter: "SyscallFilter") -> None:
        self._control = control
        self._filter = program_filter
        self._main = 0
        self._wake: tuple[int, int] = (-1, -1)

    def serve(self) -> "list[int]":
        """Returns only in a process that becomes a program: its descriptors."""
        self._wake = posix.pipe()
        for fd in self._wake:
            posix.set_blocking(fd, False)
        signal.set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, _ignore)
        poll = select.poll()
        poll.register(self._control.fd, select.POLLIN)
        poll.register(self._wake[0], select.POLLIN)
        while True:
            for fd, _ in poll.poll():
                if fd != self._control.fd:
                    self._reap()
                    continue
                content, descriptors = self._control.receive()
                request: tuple[Any, ...] = marshal.loads(content)
                if request[0] == "fork":
                    if self._fork():
                        return descriptors
                else:
                    self._answer(request, descriptors)
                for one in descriptors:
                    posix.close(one)

    def _answer(self, request: "tuple[Any, ...]", descriptors: "list[int]") -> None:
        name = request[0]
        try:
            if name == "signal":
                self._signal(request[1])
            elif name == "setup":
                set_up(request[1], view.WORKSPACE_ONLY)
                self._show_disks(DISKS)
            elif name == "spawn":
                self._control.send(b"=%d" % self._spawn(request[1], request[2], request[3], descriptors))
            elif name == "files":
                self._control.send(b"=" + write_files(descriptors[0]).encode())
            elif name == "terminal":
                self._open_terminal()
            elif name == "discard":
                self._discard()
                self._control.send(b"=")
        except OSError as error:
            where = f": {error.filename}" if error.filename else ""
            self._control.send(f"!{error.errno or 0} {error.strerror}{where}".encode())

    def _show_disks(self, folders: "tuple[str, ...]") -> None:
        disks = [posix.open(folder, posix.O_PATH | posix.O_DIRECTORY | posix.O_CLOEXEC) for folder in folders]
        self._control.send(b"=", tuple(disks))
        for fd in disks:
            posix.close(fd)

    # Starting

    def _fork(self) -> bool:
        """Whether this is the new process."""
        pid = posix.fork()
        if pid:
            self._main = pid
            self._control.send(b"=%d" % pid)
            return False
        self._leave()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._become_program()
        posix.umask(0o022)
        posix.chdir(WORKSPACE)
        return True

    def _spawn(self, argv: "list[str]", env: "dict[str, str]", has_terminal: bool, descriptors: "list[int]") -> int:
        fault_read, fault_write = posix.pipe2(posix.O_CLOEXEC)
        pid = posix.fork()
        if pid == 0:
            try:
                self._leave()
                self._become_program()
                if has_terminal:
                    libc.call(_ioctl, descriptors[0], TIOCSCTTY, 0)
                execute.execute(argv, env, WORKSPACE, dict(zip(execute.PLACES, descriptors, strict=False)))
            except BaseException as error:  # noqa: BLE001 the parent reports every error
                posix.write(fault_write, f"{argv[0]}: {getattr(error, 'strerror', None) or error}".encode())
            finally:
                posix._exit(127)
        posix.close(fault_write)
        fault = files.read_to_end(fault_read)
        posix.close(fault_read)
        if fault:
            posix.waitpid(pid, 0)
            raise OSError(0, fault.decode(errors="replace"))
        self._main = pid
        return pid

    def _leave(self) -> None:
        """In a new process: nothing of this one's is left in it."""
        self._control.close()
        for fd in self._wake:
            posix.close(fd)

    def _become_program(self) -> None:
        posix.setsid()
        rights.set_user(RUNNER, [RUNNER])  # the group as well, as Docker does for a container of that user
        # Before it shows itself: from then on other programs of this user could write into its memory.
        self._filter.load()
        rights.show_itself()
        rights.die_of_memory_first()

    def _open_terminal(self) -> None:
        master, slave = posix.openpty()
        try:
            posix.fchown(slave, RUNNER, -1)
            self._control.send(b"=", (master, slave))
        finally:
            posix.close(master)
            posix.close(slave)

    # Ending

    def _signal(self, number: int) -> None:
        if self._main:
            try:
                posix.killpg(self._main, number)
                posix.killpg(self._main, signal.SIGCONT)  # a stopped program must wake up to receive it
            except ProcessLookupError:
                pass

    def _discard(self) -> None:
        """Of a program that has not begun: it is alone here."""
        if self._main:
            posix.kill(self._main, signal.SIGKILL)
            posix.waitpid(self._main, 0)
            self._main = 0

    def _read_wake(self) -> None:
        try:
            posix.read(self._wake[0], 4096)
        except BlockingIOError:
            pass

    def _reap(self) -> None:
        self._read_wake()
        while (dead := next_dead()) is not None:
            self._died(*dead)

    def _died(self, pid: int, status: int, usage: bytes) -> None:
        if pid == self._main:
            self._control.send(b".%d %d" % (status, to_number(usage[MAXRSS])))
            posix._exit(0)


def next_dead() -> "tuple[int, int, bytes] | None":
    """A child that has died: its number, its status, and what it used, as struct rusage."""
    # Python's own wait4 loads a module each time, and that takes as long as a short program.
    status, used = libc.Memory(bytes(4)), libc.Memory(bytes(BYTES_OF_RUSAGE))
    try:
        pid = libc.call(_wait4, -1, libc.Address(status.address), posix.WNOHANG, libc.Address(used.address))
    except ChildProcessError:
        return None
    return (pid, to_number(status.read()), used.read()) if pid else None


def set_up(disk_bytes: int, folders: "tuple[str, ...]") -> None:
    """All rights over these namespaces are needed here, and then no more. `folders`: where its programs may write."""
    rights.set_user(0, [])
    view.build(disk_bytes, RUNNER, folders)
    start_loopback()
    rights.empty_bounding_set()
    rights.keep_capabilities(rights.CHOWN, rights.KILL, rights.SETGID, rights.SETUID)
    rights.gain_no_more()
    rights.limit_file_size(disk_bytes)


def start_loopback() -> None:
    any_socket = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM)
    try:
        # struct ifreq: the name in 16 bytes, the flags in the first of the next 24.
        request = b"lo".ljust(16, b"\0") + bytes((IFF_UP | IFF_RUNNING, 0)) + bytes(22)
        libc.call(_ioctl, any_socket.fileno(), SIOCSIFFLAGS, request)
    finally:
        any_socket.close()


def write_files(fd: int) -> str:
    """As the program's user, for programs that have not begun: nobody has been in the workspace before. Returns why
    not."""
    packed = files.read_to_end(fd)
    posix.umask(0o022)
    posix.setresgid(-1, RUNNER, -1)
    posix.setresuid(-1, RUNNER, -1)
    try:
        return files.write_all(packed, WORKSPACE)
    finally:
        posix.setresuid(-1, 0, -1)
        posix.setresgid(-1, 0, -1)


def to_number(field: bytes) -> int:
    return int.from_bytes(field, sys.byteorder)


def _ignore(_number: int, _frame: object) -> None:
    """A signal without a handler would not wake the loop."""
