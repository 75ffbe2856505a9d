"""One file."""

from tasks import write_line
from tasks.entry import to_entry


def run(path: str, follow: bool = False) -> None:
    write_line(to_entry(path, follow=follow))
