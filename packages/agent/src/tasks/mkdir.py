"""A folder, and those on the way."""

import os

from tasks.entry import make_parents


def run(path: str) -> None:
    make_parents(path)
    os.mkdir(path)
