"""A job's files, on their way from the agent to the process that writes them as the job's user.

    u32 bytes of path | u32 bytes of content | path | content      one after another, big endian

Needs nothing but `posix`: the process that writes may be the interpreter that then runs the program.
"""

import posix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from messages import ListedFile

MODE_OF_FOLDERS, MODE_OF_FILES = 0o755, 0o644
READ_BYTES = 1 << 20


def pack(files: "list[ListedFile]", content: bytearray) -> bytearray:
    """`files` name their sizes; their contents follow each other in `content`."""
    packed, position = bytearray(), 0
    for file in files:
        path, size = file["path"].encode(), file["size"]
        packed += len(path).to_bytes(4) + size.to_bytes(4) + path + content[position : position + size]
        position += size
    return packed


def read_to_end(fd: int) -> bytes:
    pieces: list[bytes] = []
    while piece := posix.read(fd, READ_BYTES):
        pieces.append(piece)
    return b"".join(pieces)


def write_all(packed: bytes, workspace: str) -> str:
    """Writes them below the workspace and follows no link. Returns the reason for a failure, or an empty text."""
    position = 0
    try:
        root = posix.open(workspace, posix.O_RDONLY | posix.O_DIRECTORY | posix.O_NOFOLLOW | posix.O_CLOEXEC)
        while position < len(packed):
            path_end = position + 8 + int.from_bytes(packed[position : position + 4])
            content_end = path_end + int.from_bytes(packed[position + 4 : position + 8])
            _write_one(root, packed[position + 8 : path_end], packed[path_end:content_end])
            position = content_end
        posix.close(root)
    except OSError as error:
        return f"{error.strerror}: {error.filename!r}" if error.filename else str(error.strerror)
    return ""


def _write_one(root: int, path: bytes, content: bytes) -> None:
    *folders, name = path.split(b"/")
    here = posix.dup(root)
    try:
        for folder in folders:
            try:
                posix.mkdir(folder, MODE_OF_FOLDERS, dir_fd=here)
            except FileExistsError:
                pass
            inner = posix.open(
                folder, posix.O_RDONLY | posix.O_DIRECTORY | posix.O_NOFOLLOW | posix.O_CLOEXEC, dir_fd=here
            )
            posix.close(here)
            here = inner
        flags = posix.O_WRONLY | posix.O_CREAT | posix.O_EXCL | posix.O_NOFOLLOW | posix.O_CLOEXEC
        file = posix.open(name, flags, MODE_OF_FILES, dir_fd=here)
        try:
            while content:
                content = content[posix.write(file, content) :]
        finally:
            posix.close(file)
    finally:
        posix.close(here)
