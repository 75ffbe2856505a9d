import os
import tempfile
import time
import unittest

import usage

VERSION_1 = {
    "cpuacct/cpuacct.usage": "2500000000\n",
    "memory/memory.max_usage_in_bytes": "1048576\n",
    "memory/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n",
    "pids/pids.events": "max 7\n",
}
VERSION_2 = {
    "cgroup.controllers": "cpu memory pids\n",
    "cpu.stat": "usage_usec 2500000\nuser_usec 2000000\nsystem_usec 500000\n",
    "memory.peak": "1048576\n",
    "memory.events": "low 0\nhigh 0\nmax 12\noom 4\noom_kill 3\noom_group_kill 9\n",
    "pids.events": "max 7\n",
}


def no_time() -> float:
    return 0.0


class ControlGroups(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name

    def write(self, contents: dict[str, str]) -> None:
        for path, content in contents.items():
            os.makedirs(os.path.dirname(f"{self.root}/{path}"), exist_ok=True)
            with open(f"{self.root}/{path}", "w") as file:
                file.write(content)

    def test_both_versions_are_read_alike(self) -> None:
        for version, contents in (("v1", VERSION_1), ("v2", VERSION_2)):
            with self.subTest(version):
                self.write(contents)
                read = usage.Usage("cell", no_time, self.root)
                self.assertEqual(read.version, version)
                self.assertEqual(read.cpu_seconds(), 2.5)
                self.assertEqual(read.peak_memory_bytes(), 1 << 20)
                self.assertEqual(read.oom_kills(), 3)
                self.assertEqual(read.refused_forks(), 7)

    def test_a_counter_that_changes_is_read_anew(self) -> None:
        self.write(VERSION_2)
        read = usage.Usage("cell", no_time, self.root)
        self.write({"pids.events": "max 8\n"})
        self.assertEqual(read.refused_forks(), 8)

    def test_the_time_of_the_agent_itself_does_not_count(self) -> None:
        self.write(VERSION_2)
        self.assertEqual(usage.Usage("cell", lambda: 0.5, self.root).cpu_seconds(), 2.0)
        self.assertEqual(usage.Usage("cell", lambda: 9.0, self.root).cpu_seconds(), 0.0)

    def test_what_the_kernel_does_not_count_is_none_and_never_0(self) -> None:
        no_line = {"memory/memory.oom_control": "under_oom 0\n", "pids/pids.events": ""}
        for contents in ({}, no_line, {"cgroup.controllers": ""}):
            with self.subTest(contents):
                self.write(contents)
                read = usage.Usage("cell", no_time, self.root)
                values = (read.cpu_seconds(), read.peak_memory_bytes(), read.oom_kills(), read.refused_forks())
                self.assertEqual(values, (None, None, None, None))

    def test_a_container_without_a_counter_of_time_counts_its_processes(self) -> None:
        self.assertIsNotNone(usage.Usage("container", no_time, self.root).cpu_seconds())

    def test_a_counter_that_is_no_number_reports_nothing(self) -> None:
        self.write({**VERSION_2, "memory.peak": "max\n"})
        self.assertIsNone(usage.Usage("cell", no_time, self.root).peak_memory_bytes())

    def test_only_two_numbers_that_are_known_have_a_difference(self) -> None:
        pairs = ((3, 5), (5, 3), (None, 5), (3, None))
        self.assertEqual([usage.grown(*pair) for pair in pairs], [2, 0, None, None])


class WithoutContainer(unittest.TestCase):
    def test_nothing_but_time_is_counted(self) -> None:
        read = usage.Usage("local", no_time)
        values = (read.version, read.peak_memory_bytes(), read.oom_kills(), read.refused_forks())
        self.assertEqual(values, (None, None, None, None))

    @unittest.skipUnless(os.path.exists("/proc/self/stat"), "needs /proc")
    def test_the_time_of_a_watched_process_counts_while_it_lives(self) -> None:
        read = usage.Usage("local", no_time)
        before = read.cpu_seconds()
        read.watch(os.getpid())
        until = time.process_time() + 0.05
        while time.process_time() < until:
            pass
        # The kernel reports whole ticks, a hundred a second, of the user and of the system.
        self.assertAlmostEqual(usage.grown(before, read.cpu_seconds()) or 0, time.process_time(), delta=0.03)

    def test_a_process_that_does_not_exist_has_used_no_time(self) -> None:
        self.assertEqual(usage.read_live_cpu_seconds(1 << 30), 0.0)


class Fullness(unittest.TestCase):
    def test_a_folder_that_does_not_exist_is_not_full(self) -> None:
        self.assertFalse(usage.is_full("/does/not/exist"))

    def test_a_folder_with_room_is_not_full(self) -> None:
        self.assertFalse(usage.is_full(tempfile.gettempdir()))

    @unittest.skipUnless(os.getpid() == 1, "fills a folder of a container")
    def test_a_folder_without_room_is_full(self) -> None:
        folder = "/dev/shm"
        room = os.statvfs(folder)
        with tempfile.TemporaryFile(dir=folder) as file:
            os.posix_fallocate(file.fileno(), 0, room.f_bfree * room.f_bsize)
            self.assertTrue(usage.is_full(folder))
        self.assertFalse(usage.is_full(folder))
