"""A folder or a file as one stream. Links are kept as links; devices, sockets and FIFOs are left out of zip.

Names are relative to the folder, or the file's own. What cannot be read is left out.
"""

import os
import stat

import tasks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zipfile import ZipFile

TAR = "/bin/tar"
READ_BYTES = 1 << 18
#: Fast, and most of what a higher level gains.
LEVEL = 1
#: Where zip keeps the kernel's mode of a file.
MODE_BITS = 16


class Output:
    """Standard output, as far as zipfile needs one that cannot go back."""

    def write(self, data: bytes) -> int:
        tasks.write_all(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass


def run(path: str, format: str) -> None:  # noqa: A002
    state = os.lstat(path)
    folder = path if stat.S_ISDIR(state.st_mode) else os.path.dirname(os.path.abspath(path))
    names = sorted(os.listdir(path)) if stat.S_ISDIR(state.st_mode) else [os.path.basename(os.path.abspath(path))]
    if format == "tar":
        write_tar(folder, names)
    elif format == "zip":
        write_zip(folder, names)
    else:
        raise tasks.TaskError(tasks.OTHER_CODE, f"No format is called {format!r}")


def write_tar(folder: str, names: "list[str]") -> None:
    """Files with holes stay small."""
    listed = os.memfd_create("names")
    os.write(listed, b"".join(os.fsencode(name) + b"\0" for name in names))
    os.lseek(listed, 0, os.SEEK_SET)
    os.dup2(listed, 0)
    options = ["--sparse", "--ignore-failed-read", "--null", "--verbatim-files-from", "--files-from=-"]
    status = tasks.execute([TAR, "--create", "--file=-", "--directory", folder, *options])
    if status > 1:  # 1: a file changed while it was read
        raise tasks.TaskError(tasks.OTHER_CODE, "The archive could not be finished")


def write_zip(folder: str, names: "list[str]") -> None:
    from zipfile import ZIP_DEFLATED, ZipFile

    os.chdir(folder)
    waiting = list(reversed(names))
    with ZipFile(Output(), "w", ZIP_DEFLATED, compresslevel=LEVEL, strict_timestamps=False) as archive:  # pyright: ignore
        while waiting:
            name = waiting.pop()
            try:
                state = os.lstat(name)
                _add(archive, name, state)
                if stat.S_ISDIR(state.st_mode):
                    waiting += [f"{name}/{inner}" for inner in sorted(os.listdir(name), reverse=True)]
            except BrokenPipeError:
                raise
            except OSError:
                continue


def _add(archive: "ZipFile", name: str, state: "os.stat_result") -> None:
    from zipfile import ZipInfo

    from tasks.entry import open_file, to_text

    if not (stat.S_ISDIR(state.st_mode) or stat.S_ISLNK(state.st_mode) or stat.S_ISREG(state.st_mode)):
        return
    info = ZipInfo.from_file(name, to_text(name), strict_timestamps=False)
    info.external_attr = state.st_mode << MODE_BITS
    if stat.S_ISLNK(state.st_mode):
        archive.writestr(info, os.readlink(name).encode(errors="surrogateescape"))
    elif stat.S_ISDIR(state.st_mode):
        info.filename = f"{info.filename.rstrip('/')}/"
        archive.writestr(info, b"")
    else:
        file = open_file(name)
        info.compress_type = archive.compression
        with archive.open(info, "w", force_zip64=True) as target:
            while data := os.read(file, READ_BYTES):
                target.write(data)
        os.close(file)
