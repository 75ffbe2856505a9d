"""/etc of a container: in memory, because it says who runs, and the root is read-only.

A program's user is another one in each container. A program that looks
its number up must find a name, a group and a home. And Docker puts an empty /etc/hosts over that of the image where
there is no network.

1. `fill`, once: a link to each file of the image's /etc, of which the image has a copy.
2. `name_user`, before each program: passwd and group, with that program's user.

Only root may write here, so a program cannot change what names mean.
"""

from __future__ import annotations

import os

#: The copy: infra/images has it, with the files that differ in a sandbox.
IMAGE = "/opt/runnel/etc"
ETC = "/etc"
NAME = "runner"
#: These have the user in them.
WRITTEN = ("passwd", "group")


def fill(image: str = IMAGE, etc: str = ETC) -> None:
    """What the engine has put there (`hostname`) stays."""
    there = {*os.listdir(etc), *WRITTEN}
    with os.scandir(image) as entries:
        for entry in entries:
            if entry.name not in there:
                # A link is copied, because where it leads may depend on where it is.
                target = os.readlink(entry.path) if entry.is_symlink() else entry.path
                os.symlink(target, f"{etc}/{entry.name}")


def name_user(uid: int, home: str, image: str = IMAGE, etc: str = ETC) -> None:
    """Gives that user and its group the name `runner`. No program may run."""
    for name, line in zip(WRITTEN, (f"{NAME}:x:{uid}:{uid}::{home}:/bin/bash\n", f"{NAME}:x:{uid}:\n"), strict=True):
        with open(f"{image}/{name}", "rb", buffering=0) as file:
            others = file.read()
        with open(f"{etc}/{name}", "wb", buffering=0) as file:
            file.write(others + line.encode())
