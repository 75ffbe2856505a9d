"""Who programs run as, and how all of them die.

In a container the agent is process 1 and root without further powers; programs and file work run as the job's
user. Locally (no isolation) everything runs as the caller's own user.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Iterator
    from typing import TypeAlias

    Identity: TypeAlias = "ContainerIdentity | LocalIdentity"
else:
    import _signal as signal

PR_SET_CHILD_SUBREAPER = 36


class ContainerIdentity:
    """One user. `alone`: nothing else lives on in this container once its program has died."""

    def __init__(self, uid: int) -> None:
        self.uid = uid
        self.alone = True

    def assume(self) -> None:
        """In a forked child: become the job's user for good."""
        # Before the change of user: afterwards /proc/self belongs to root. The program dies of memory before the agent.
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")
        os.setgroups([self.uid])  # as Docker itself does for a container of that user
        os.setresgid(self.uid, self.uid, self.uid)
        os.setresuid(self.uid, self.uid, self.uid)

    def own(self, fd: int) -> None:
        """Lets the program reopen its standard streams by name (/dev/stdout), as it could in any container."""
        os.fchown(fd, self.uid, self.uid)

    def own_terminal(self, fd: int) -> None:
        """Its group and mode stay as everywhere: group tty, others may not read it."""
        os.fchown(fd, self.uid, -1)

    def remember_group(self, pid: int) -> None:
        pass

    def kill_everything(self) -> None:
        """In one step that no fork can outrun: the kernel creates no process while it sends a signal to -1."""
        if not self.alone:
            try:
                self._kill_its_own()
                return
            except OSError:
                self.alone = True  # there is no process left to fork: then nothing in here may live on
        kill_all_we_may()

    def _kill_its_own(self) -> None:
        if os.fork():
            return
        try:
            self.assume()
            kill_all_we_may()
        finally:
            os._exit(0)


class LocalIdentity:
    alone = True

    def __init__(self) -> None:
        self.uid = os.getuid()
        self._groups: set[int] = set()
        self._adopt_orphans()

    def _adopt_orphans(self) -> None:
        try:
            import ctypes

            ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        except (OSError, AttributeError):
            pass  # where there is no such call, process groups must do

    def assume(self) -> None:
        pass

    def own(self, fd: int) -> None:
        pass

    def own_terminal(self, fd: int) -> None:
        pass

    def remember_group(self, pid: int) -> None:
        self._groups.add(pid)

    def kill_everything(self) -> None:
        for group in self._groups:
            kill_if_there(-group)
        try:
            with open(f"/proc/self/task/{os.getpid()}/children") as file:
                children = file.read().split()
        except OSError:
            children = []
        for pid in children:
            kill_if_there(int(pid))


def kill_if_there(target: int) -> None:
    """A process, or a group by its negative number."""
    try:
        os.kill(target, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def kill_all_we_may() -> None:
    """Everything this process may kill but itself; from process 1, the whole container."""
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        pass


def outlast_programs() -> Iterator[None]:
    """
    In steps of at most a millisecond of a processor: between them the agent reads what the program prints.

    When memory runs out, the kernel must take programs before the agent, which reports it. Programs start at a score
    of 1000 but may go back to the lowest score that the container was given. So the agent goes there too, and then the
    kernel takes the largest process. Mapped files count as well, two thirds of the agent's size, so it lets go of
    them; it needs only a few again.
    """
    try:
        with open("/proc/self/oom_score_adj", "wb", buffering=0) as score:
            score.write(b"0")
    except OSError:
        pass  # where the score that the container was given is the lowest for everybody
    yield
    import pages  # only here, where nobody waits for it

    yield
    yield from pages.release_files()


def restore_signals() -> None:
    """Python ignores these two in itself; a program expects the defaults."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    if hasattr(signal, "SIGXFSZ"):
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
