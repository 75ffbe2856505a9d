import os
import sys
import tempfile
import unittest

import files

#: Linux says ENOTDIR for O_DIRECTORY with O_NOFOLLOW on a link, macOS ELOOP.
NOT_FOLLOWED = "Not a directory" if sys.platform == "linux" else "Too many levels of symbolic links"


def pack(contents: dict[str, bytes]) -> bytes:
    listed: list[dict[str, object]] = [{"path": path, "size": len(content)} for path, content in contents.items()]
    return bytes(files.pack(listed, bytearray(b"".join(contents.values()))))  # pyright: ignore[reportArgumentType]


def read(*path: str) -> bytes:
    with open(os.path.join(*path), "rb") as file:
        return file.read()


class Files(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.workspace = os.path.join(folder.name, "workspace")
        self.outside = os.path.join(folder.name, "outside")
        os.mkdir(self.workspace)
        os.mkdir(self.outside)

    def test_every_file_has_its_own_content(self) -> None:
        contents = {"main.py": b"print(1)\n", "empty": b"", "data.bin": bytes(range(256)) * 300}
        self.assertEqual(files.write_all(pack(contents), self.workspace), "")
        self.assertEqual({name: read(self.workspace, name) for name in os.listdir(self.workspace)}, contents)

    def test_folders_are_made_once_for_all_files_in_them(self) -> None:
        contents = {"a/b/one": b"1", "a/b/two": b"2", "a/three": b"3"}
        self.assertEqual(files.write_all(pack(contents), self.workspace), "")
        for path, content in contents.items():
            self.assertEqual(read(self.workspace, path), content)

    def test_a_name_may_be_of_any_script(self) -> None:
        self.assertEqual(files.write_all(pack({"ö/日本": b"x"}), self.workspace), "")
        self.assertEqual(read(self.workspace, "ö", "日本"), b"x")

    def test_modes_do_not_depend_on_the_mask(self) -> None:
        before = os.umask(0o022)
        self.addCleanup(os.umask, before)
        self.assertEqual(files.write_all(pack({"a/one": b"1"}), self.workspace), "")
        self.assertEqual(os.stat(f"{self.workspace}/a").st_mode & 0o777, 0o755)
        self.assertEqual(os.stat(f"{self.workspace}/a/one").st_mode & 0o777, 0o644)

    def test_a_link_to_a_folder_is_not_followed(self) -> None:
        os.symlink(self.outside, f"{self.workspace}/a")
        self.assertEqual(files.write_all(pack({"a/one": b"1"}), self.workspace), f"{NOT_FOLLOWED}: b'a'")
        self.assertEqual(os.listdir(self.outside), [])

    def test_a_link_in_place_of_a_file_is_not_followed(self) -> None:
        os.symlink(f"{self.outside}/one", f"{self.workspace}/one")
        self.assertEqual(files.write_all(pack({"one": b"1"}), self.workspace), "File exists: b'one'")
        self.assertEqual(os.listdir(self.outside), [])

    def test_a_file_that_exists_is_not_overwritten(self) -> None:
        self.assertEqual(files.write_all(pack({"one": b"1"}), self.workspace), "")
        self.assertEqual(files.write_all(pack({"one": b"2"}), self.workspace), "File exists: b'one'")
        self.assertEqual(read(self.workspace, "one"), b"1")

    def test_a_workspace_that_is_a_link_is_refused(self) -> None:
        link = f"{self.outside}/link"
        os.symlink(self.workspace, link)
        self.assertEqual(files.write_all(pack({"one": b"1"}), link), f"{NOT_FOLLOWED}: {link!r}")
        self.assertEqual(os.listdir(self.workspace), [])

    def test_no_descriptor_stays_open_when_a_file_cannot_be_written(self) -> None:
        before = len(os.listdir("/dev/fd"))
        for _ in range(10):
            failure = files.write_all(pack({"b": b"1", "b/c": b"2"}), self.workspace)
            self.assertEqual(failure, "Not a directory: b'b'")
            os.unlink(f"{self.workspace}/b")
        # The workspace itself: the process that failed ends right after.
        self.assertEqual(len(os.listdir("/dev/fd")) - before, 10)

    def test_what_is_read_to_the_end_is_complete(self) -> None:
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        os.write(writer, b"one")
        os.write(writer, b"two")
        os.close(writer)
        self.assertEqual(files.read_to_end(reader), b"onetwo")
