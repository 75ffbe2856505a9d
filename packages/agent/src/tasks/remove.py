"""A file, a link, or a folder with all that is in it. Links are not followed."""

import os
import stat

import tasks

REMOVE = "/bin/rm"


def run(path: str) -> None:
    if not stat.S_ISDIR(os.lstat(path).st_mode):
        os.unlink(path)
        return
    try:
        os.rmdir(path)
    except OSError:
        # Knows trees that are deeper than any path, and what changes meanwhile.
        if tasks.execute([REMOVE, "-rf", "--", path]) != 0:
            raise tasks.TaskError(
                tasks.OTHER_CODE, "Cannot remove all of this: some of it belongs to somebody else"
            ) from None
