"""How a program starts: its streams, its user, its descriptors, its exec."""

from __future__ import annotations

import os

from execute import PLACES, execute
from order import Order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from loop import Loop
    from terminal import Terminal

    Streams: TypeAlias = "Pipes | Terminal"

READ_BYTES = 1 << 16
#: Of Linux: how much a pipe holds.
F_SETPIPE_SZ = 1031
LARGE_PIPE_BYTES = 1 << 20


class Pipes:
    """The standard streams of a program, from the agent's side and from its own. `Terminal` is the other kind. `own`
    makes the program the owner of one."""

    is_terminal = False

    def __init__(self, own: Callable[[int], None]) -> None:
        self.their_stdin, stdin = os.pipe()
        self.stdin: int | None = stdin
        self.stdout, self.their_stdout = os.pipe()
        self.stderr, self.their_stderr = os.pipe()
        for fd in (self.their_stdin, self.their_stdout, self.their_stderr):
            own(fd)
        for fd in (stdin, self.stdout, self.stderr):
            os.set_blocking(fd, False)
        self.order = Order(self.stdout, self.stderr)

    def enlarge(self) -> None:
        """For files that flow through. The kernel refuses it where this user's pipes have much already."""
        import fcntl

        for fd in (self.stdin, self.stdout):
            try:
                if fd is not None:
                    fcntl.fcntl(fd, F_SETPIPE_SZ, LARGE_PIPE_BYTES)
            except OSError:
                pass

    def take_control(self) -> None:
        """Of a terminal, which pipes are not."""

    def close_theirs(self) -> None:
        for fd in (self.their_stdin, self.their_stdout, self.their_stderr):
            os.close(fd)

    def hang_up(self) -> None:
        """When the main process has died."""

    def write(self, data: bytearray) -> int:
        """How many bytes of `data` are in the pipe now. Raises BlockingIOError if there is no room for any."""
        return os.write(self.stdin, data[:READ_BYTES]) if self.stdin is not None else 0

    def end_stdin(self, loop: Loop) -> None:
        self.close_stdin(loop)

    def close_stdin(self, loop: Loop) -> None:
        if self.stdin is not None:
            loop.close(self.stdin)
            self.stdin = None


def spawn(
    become_user: Callable[[], None],
    streams: Streams,
    argv: list[str],
    env: dict[str, str],
    folder: str,
    waits_on: tuple[int, ...] = (),
    cpu_seconds: int | None = None,
) -> int:
    """Forks and executes `argv` as the job's user, or raises OSError. `waits_on`: its ends of a start barrier."""
    fault_read, fault_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            streams.take_control()
            if cpu_seconds is not None:
                import resource  # only in the local sandbox

                resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
            become_user()
            theirs = (streams.their_stdin, streams.their_stdout, streams.their_stderr, *waits_on)
            execute(argv, env, folder, dict(zip(PLACES, theirs, strict=False)))
        except BaseException as error:  # noqa: BLE001 the parent reports every error
            os.write(fault_write, f"{argv[0]}: {getattr(error, 'strerror', None) or error}".encode())
        finally:
            os._exit(127)
    os.close(fault_write)
    with os.fdopen(fault_read, "rb") as fault:
        message = fault.read()
    if message:
        raise OSError(0, message.decode(errors="replace"))
    return pid
