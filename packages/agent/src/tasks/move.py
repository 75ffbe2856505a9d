"""A new path for a file or a folder. A file that is there is replaced, a folder is not."""

import errno
import os
import stat

import tasks
from tasks.entry import make_parents

MOVE = "/bin/mv"


def run(**paths: str) -> None:
    """`from` and `to`."""
    source, target = paths["from"], paths["to"]
    os.lstat(source)
    make_parents(target)
    if _is_folder(target):
        raise tasks.TaskError("file-exists", "There is a folder of that name")
    try:
        os.rename(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy_and_remove(source, target)


def _is_folder(path: str) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except FileNotFoundError:
        return False


def _copy_and_remove(source: str, target: str) -> None:
    """From one file system to another: first beside the target, so that nothing half-written has its name."""
    between = os.path.join(os.path.dirname(os.path.abspath(target)), f".runnel-{os.getpid()}")
    status = tasks.execute([MOVE, "-T", "--", source, between])
    if status == 0:
        os.rename(between, target)
        return
    tasks.execute(["/bin/rm", "-rf", "--", between])
    raise tasks.TaskError(*tasks.to_copy_fault(os.path.dirname(between)))
