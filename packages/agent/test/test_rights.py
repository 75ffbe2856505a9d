import os
import traceback
import unittest
from collections.abc import Callable

import rights

AGENT = 1_234_567
FOUR = f"{1 << 0 | 1 << 5 | 1 << 6 | 1 << 7:016x}"
#: Opened for writing, they change the kernel of the host. What is below a process's own number is that process's.
OF_NAMESPACE = "/proc/sys/kernel/ns_last_pid"  # of the namespace, and the kernel asks again when it is written to
FOLDERS_OF_HOST = ("/proc/sys", "/proc/irq", "/proc/fs", "/proc/bus", "/proc/driver", "/proc/tty")


def tell(act: Callable[[], str]) -> str:
    """What it returns, in a process of its own."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(writer, act().encode())
        except BaseException as error:  # noqa: BLE001 the test shows it
            os.write(writer, "".join(traceback.format_exception(error)).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        told = pipe.read()
    os.waitpid(pid, 0)
    return told


def read_status() -> dict[str, str]:
    with open("/proc/self/status") as file:
        return {name: value.strip() for name, _, value in (line.partition(":") for line in file)}


def find_files_of_host() -> list[str]:
    tops = [f"/proc/{name}" for name in os.listdir("/proc") if not name.isdigit()]
    below = [f"{folder}/{name}" for top in FOLDERS_OF_HOST for folder, _, names in os.walk(top) for name in names]
    return [path for path in tops + below if os.path.isfile(path) and path != OF_NAMESPACE]


@unittest.skipUnless(os.path.exists("/proc/self/status") and os.getuid() == 0, "needs root on Linux")
class Rights(unittest.TestCase):
    def test_an_agent_is_not_root_and_keeps_four_capabilities(self) -> None:
        def become() -> str:
            rights.become_agent(AGENT)
            status = read_status()
            return " ".join(status[name] for name in ("Uid", "Gid", "Groups", "CapPrm", "CapEff", "CapInh", "CapAmb"))

        four = f"{AGENT}\t" * 3 + str(AGENT)
        self.assertEqual(tell(become), f"{four} {four}  {FOUR} {FOUR} {'0' * 16} {'0' * 16}")

    def test_an_agent_can_open_nothing_of_the_host_under_proc_for_writing(self) -> None:
        def try_all() -> str:
            rights.become_agent(AGENT)
            opened: list[str] = []
            files = find_files_of_host()
            for path in files:
                try:
                    os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
                    opened.append(path)
                except OSError:
                    pass
            return f"{len(files) > 500} {opened}"

        self.assertEqual(tell(try_all), "True []")

    def test_what_is_executed_gets_no_capability(self) -> None:
        def empty() -> str:
            rights.empty_bounding_set()
            rights.gain_no_more()
            rights.set_user(AGENT, [AGENT])
            status = read_status()
            return " ".join(status[name] for name in ("CapBnd", "CapPrm", "CapEff", "NoNewPrivs", "Groups"))

        self.assertEqual(tell(empty), f"{'0' * 16} {'0' * 16} {'0' * 16} 1 {AGENT}")

    def test_a_process_that_shows_itself_says_that_it_dies_first(self) -> None:
        def die_first() -> str:
            rights.set_user(AGENT, [])
            rights.show_itself()
            rights.die_of_memory_first()
            with open("/proc/self/oom_score_adj") as file:
                return file.read()

        self.assertEqual(tell(die_first), "1000\n")

    def test_no_file_gets_larger_than_the_limit(self) -> None:
        import resource

        def limit() -> str:
            rights.limit_file_size(5_000_000_000)
            return str(resource.getrlimit(resource.RLIMIT_FSIZE))

        self.assertEqual(tell(limit), "(5000000000, 5000000000)")
