"""What is in a folder and in those below, one entry a line: each folder before what is in it, names in order.

Links are not followed, and what disappears meanwhile is left out.
"""

import os

import json_text
from tasks import write_all
from tasks.entry import to_entry

WRITE_BYTES = 1 << 16


def run(path: str, depth: int = 1) -> None:
    waiting = [(f"{path.rstrip('/')}/{name}", depth) for name in _names(path)]
    lines = bytearray()
    while waiting:
        one, levels = waiting.pop()
        try:
            entry = to_entry(one)
        except OSError:
            continue
        lines += json_text.dumps(entry) + b"\n"
        if len(lines) >= WRITE_BYTES:
            write_all(bytes(lines))
            lines.clear()
        if levels > 1 and entry["type"] == "directory":
            try:
                waiting += [(f"{one}/{name}", levels - 1) for name in _names(one)]
            except OSError:
                continue  # a folder that its user has closed
    write_all(bytes(lines))


def _names(folder: str) -> "list[str]":
    """The last one first."""
    return sorted(os.listdir(folder), reverse=True)
