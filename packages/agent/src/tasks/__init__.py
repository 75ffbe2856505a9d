"""File work in a sandbox that lasts: each task is a process of its own, as the program's user.

It reads standard input, writes bytes or lines of JSON to standard output, and exits with 0. If it fails it writes one
object {code, message} to standard error and exits with 1.
"""

import posix

import json_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def run(what: "dict[str, Any]", folder: str) -> int:
    """Returns the status to exit with."""
    del folder
    posix.write(2, json_text.dumps({"code": "path-refused", "message": f"No task is called {what['name']}"}))
    return 1
