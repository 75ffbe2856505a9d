import os
import tempfile
import unittest

import etc


class Etc(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.image, self.etc = f"{folder.name}/image", f"{folder.name}/etc"
        os.makedirs(f"{self.image}/folder")
        os.mkdir(self.etc)
        for name, text in {
            "hostname": "of the image\n",
            "passwd": "root:x:0:0:root:/root:/bin/sh\n",
            "group": "root:x:0:\n",
        }.items():
            with open(f"{self.image}/{name}", "w") as file:
                file.write(text)
        os.symlink("../usr/lib/os-release", f"{self.image}/os-release")

    def read(self, name: str) -> str:
        with open(f"{self.etc}/{name}") as file:
            return file.read()

    def test_files_and_folders_of_the_image_are_there_as_links(self) -> None:
        etc.fill(self.image, self.etc)
        self.assertEqual(os.readlink(f"{self.etc}/hostname"), f"{self.image}/hostname")
        self.assertEqual(os.readlink(f"{self.etc}/folder"), f"{self.image}/folder")

    def test_a_link_of_the_image_leads_where_it_led_from_etc(self) -> None:
        etc.fill(self.image, self.etc)
        self.assertEqual(os.readlink(f"{self.etc}/os-release"), "../usr/lib/os-release")

    def test_a_file_of_the_engine_stays(self) -> None:
        with open(f"{self.etc}/hostname", "w") as file:
            file.write("of the engine\n")
        etc.fill(self.image, self.etc)
        self.assertEqual(self.read("hostname"), "of the engine\n")

    def test_each_program_has_the_name_and_the_group_runner(self) -> None:
        etc.fill(self.image, self.etc)
        for uid in (1_000_000, 20_001):  # the second line is shorter than the first
            etc.name_user(uid, "/workspace", self.image, self.etc)
            self.assertEqual(
                self.read("passwd"), f"root:x:0:0:root:/root:/bin/sh\nrunner:x:{uid}:{uid}::/workspace:/bin/bash\n"
            )
            self.assertEqual(self.read("group"), f"root:x:0:\nrunner:x:{uid}:\n")
        for name in etc.WRITTEN:
            self.assertEqual(os.stat(f"{self.etc}/{name}").st_mode & 0o777, 0o644 & ~get_umask())


def get_umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask
