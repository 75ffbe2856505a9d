"""How a program starts: its streams, its user, its descriptors, its exec."""

from __future__ import annotations

import fcntl
import os

from identity import restore_signals
from order import Order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from identity import Identity
    from loop import Loop
    from terminal import Terminal

    Streams: TypeAlias = "Pipes | Terminal"

READ_BYTES = 1 << 16


class Pipes:
    """The standard streams of a program, from the agent's side and from its own. `Terminal` is the other kind."""

    def __init__(self, identity: Identity) -> None:
        self.their_stdin, stdin = os.pipe()
        self.stdin: int | None = stdin
        self.stdout, self.their_stdout = os.pipe()
        self.stderr, self.their_stderr = os.pipe()
        for fd in (self.their_stdin, self.their_stdout, self.their_stderr):
            identity.own(fd)
        for fd in (stdin, self.stdout, self.stderr):
            os.set_blocking(fd, False)
        self.order = Order(self.stdout, self.stderr)

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
    identity: Identity,
    streams: Streams,
    argv: list[str],
    env: dict[str, str],
    folder: str,
    *,
    extra: dict[int, int] | None = None,
    cpu_seconds: int | None = None,
) -> int:
    """Forks and executes `argv` as the job's user, or raises OSError. `extra`: more descriptors, by their numbers."""
    fault_read, fault_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            restore_signals()
            os.setsid()
            streams.take_control()
            if cpu_seconds is not None:
                import resource  # only in the local sandbox

                resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
            identity.assume()
            os.umask(0o022)
            os.chdir(folder)
            places = {0: streams.their_stdin, 1: streams.their_stdout, 2: streams.their_stderr, **(extra or {})}
            # First out of each other's way, then to their places. Never above 63: that would enlarge the table of
            # descriptors of this process for good. All others close by themselves at exec.
            for place, fd in [(place, _duplicate_above(fd, 32)) for place, fd in places.items()]:
                os.dup2(fd, place)
            os.execvpe(argv[0], argv, env)
        except BaseException as error:  # noqa: BLE001 the parent reports every error
            os.write(fault_write, f"{argv[0]}: {getattr(error, 'strerror', None) or error}".encode())
        finally:
            os._exit(127)
    identity.remember_group(pid)
    os.close(fault_write)
    with os.fdopen(fault_read, "rb") as fault:
        message = fault.read()
    if message:
        raise OSError(message.decode(errors="replace"))
    return pid


def _duplicate_above(fd: int, lowest: int) -> int:
    return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, lowest)
