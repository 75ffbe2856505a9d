import io
import json
import os
import subprocess
import sys
import tempfile
import unittest
import zipfile

import tasks
from tasks.entry import to_time

RUN = "import sys, json, tasks; sys.exit(tasks.run(json.loads(sys.argv[1]), sys.argv[2]))"

#: Writes files until one fails.
FILL = """import os, sys, tasks
os.dup2(os.open("/dev/zero", os.O_RDONLY), 0)
status = 0
while not status:
    os.dup2(os.memfd_create("x"), 0)
    os.write(0, bytes(3000))
    os.lseek(0, 0, 0)
    status = tasks.run({"name": "write", "path": f"{len(os.listdir(sys.argv[1]))}"}, sys.argv[1])
"""


@unittest.skipUnless(sys.platform == "linux", "sandboxes last on Linux only")
class Tasks(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def start(self, name: str, **what: object) -> subprocess.Popen[bytes]:
        task = json.dumps({"name": name, **what})
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-B", "-c", RUN, task, self.folder]
        pipe = subprocess.PIPE
        process = self.enterContext(subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=env))
        self.addCleanup(process.kill)
        return process

    def run_task(self, name: str, given: bytes = b"", **what: object) -> bytes:
        process = self.start(name, **what)
        printed, fault = process.communicate(given)
        self.assertEqual((process.returncode, fault), (0, b""))
        return printed

    def fail_task(self, name: str, **what: object) -> str:
        process = self.start(name, **what)
        printed, fault = process.communicate(b"")
        self.assertEqual((process.returncode, printed), (1, b""))
        return json.loads(fault)["code"]

    def test_a_file_is_written_and_read_whole_or_in_part(self) -> None:
        self.run_task("write", b"hello", path="a/b", mode=0o600)
        self.assertEqual(self.run_task("read", path="a/b"), b"hello")
        self.assertEqual(self.run_task("read", path="a/b", offset=1, length=3), b"ell")
        self.assertEqual(self.run_task("read", path="a/b", offset=9), b"")
        self.assertEqual(os.stat(f"{self.folder}/a/b").st_mode & 0o777, 0o600)

    def test_a_file_may_be_as_deep_as_a_path_is_long(self) -> None:
        folders = (4_000 - len(self.folder)) // 2
        self.run_task("write", b"deep", path="a/" * folders + "file")
        self.assertEqual(self.run_task("read", path="a/" * folders + "file"), b"deep")
        self.assertEqual(self.fail_task("write", path="a/" * 2_500 + "file"), "path-refused")
        self.run_task("remove", path="a")
        self.assertEqual(os.listdir(self.folder), [])

    def test_a_file_through_a_link_keeps_the_link(self) -> None:
        os.symlink("target", f"{self.folder}/link")
        self.run_task("write", b"x", path="link")
        self.assertEqual(sorted(os.listdir(self.folder)), ["link", "target"])
        self.assertEqual(self.run_task("read", path="link"), b"x")

    def test_an_upload_that_is_killed_leaves_nothing(self) -> None:
        process = self.start("write", path="file")
        assert process.stdin is not None
        process.stdin.write(bytes(100_000))
        process.stdin.flush()
        process.kill()
        process.wait()
        self.assertEqual(os.listdir(self.folder), [])

    def test_an_upload_that_cannot_fit_is_refused_before_it_comes(self) -> None:
        room = os.statvfs(self.folder)
        self.assertEqual(self.fail_task("write", path="file", size=2 * room.f_blocks * room.f_frsize), "disk-full")
        self.run_task("write", b"fits", path="file", size=4)
        self.assertEqual(os.listdir(self.folder), ["file"])

    def test_a_disk_that_is_full_and_one_that_has_too_many_files_say_so(self) -> None:
        for option, reason in (("nr_inodes=3", tasks.TOO_MANY_FILES), ("size=4k", tasks.DISK_FULL)):
            fill = f'mount -t tmpfs -o {option} none "$2" && exec "$0" -B -c "$1" "$2"'
            said = subprocess.run(
                ["unshare", "-Urm", "sh", "-c", fill, sys.executable, FILL, self.folder],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
                capture_output=True,
                check=False,
            )
            self.assertEqual(json.loads(said.stderr), {"code": "disk-full", "message": reason})

    def test_a_name_that_is_no_utf_8_is_listed(self) -> None:
        open(os.fsencode(self.folder) + b"/\xff", "w").close()
        (entry,) = [json.loads(line) for line in self.run_task("list", path=".", depth=1).splitlines()]
        self.assertEqual((entry["name"], entry["type"]), ("\ufffd", "file"))

    def test_times_beyond_all_dates_are_the_nearest_date(self) -> None:
        self.assertEqual(to_time(0), "1970-01-01T00:00:00.000Z")
        self.assertEqual(to_time(10**21), "9999-12-31T23:59:59.000Z")

    def test_folders_are_made_moved_and_packed(self) -> None:
        self.run_task("mkdir", path="a/b")
        self.run_task("write", b"x", path="a/b/c")
        self.assertEqual(self.fail_task("mkdir", path="a/b"), "file-exists")
        self.run_task("move", b"", **{"from": "a/b", "to": "d/e"})
        self.assertEqual(os.listdir(f"{self.folder}/d/e"), ["c"])
        packed = self.run_task("archive", path="d", format="zip")
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            self.assertEqual(archive.namelist(), ["e/", "e/c"])

    def test_a_watcher_says_what_happens_until_what_it_watches_is_gone(self) -> None:
        os.mkdir(f"{self.folder}/a")
        watcher = self.start("watch", path="a", recursive=False)
        assert watcher.stdout is not None
        self.assertEqual(watcher.stdout.readline(), b'{"type":"ready"}\n')
        os.mkdir(f"{self.folder}/a/b")
        self.assertEqual(json.loads(watcher.stdout.readline()), {"type": "create", "path": f"{self.folder}/a/b"})
        os.rmdir(f"{self.folder}/a/b")
        os.rmdir(f"{self.folder}/a")
        self.assertEqual([json.loads(line)["type"] for line in watcher.stdout], ["remove", "remove"])
        self.assertEqual(watcher.wait(), 0)

    def test_a_file_of_any_time_has_a_date(self) -> None:
        path = f"{self.folder}/old"
        open(path, "w").close()
        os.utime(path, ns=(0, -1_000_000))
        self.assertEqual(json.loads(self.run_task("stat", path="old"))["modifiedAt"], "1969-12-31T23:59:59.999Z")

    def test_a_link_is_what_stat_sees_unless_it_follows(self) -> None:
        os.symlink("/", f"{self.folder}/link")
        self.assertEqual(json.loads(self.run_task("stat", path="link"))["symlinkTarget"], "/")
        self.assertEqual(json.loads(self.run_task("stat", path="link", follow=True))["type"], "directory")

    def test_removing_a_link_leaves_what_it_leads_to(self) -> None:
        os.mkdir(f"{self.folder}/kept")
        os.symlink("kept", f"{self.folder}/link")
        self.run_task("remove", path="link")
        self.assertEqual(os.listdir(self.folder), ["kept"])

    def test_hostile_paths_and_unknown_tasks_have_a_code(self) -> None:
        os.mkfifo(f"{self.folder}/fifo")
        self.assertEqual(self.fail_task("read", path="fifo"), "not-a-file")
        self.assertEqual(self.fail_task("read", path="a\0b"), "path-refused")
        self.assertEqual(self.fail_task("read", path="\ud800"), "path-refused")
        self.assertEqual(self.fail_task("read", path="n" * 4000), "path-refused")
        self.assertEqual(self.fail_task("stat", path="missing"), "file-not-found")
        self.assertEqual(self.fail_task("os"), "path-refused")
