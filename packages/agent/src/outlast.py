"""How the agent outlasts programs when memory runs out."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def outlast_programs() -> Iterator[None]:
    """
    In steps of at most a millisecond of a processor: between them the agent reads what the program prints.

    When memory runs out, the kernel must take programs before the agent, which reports it. Programs start at a score
    of 1000 but may go back to the lowest score that the container was given. So the agent goes there too, and then the
    kernel takes the largest process. Mapped files count as well, two thirds of the agent's size, so it lets go of
    them; it needs only a few again.
    """
    try:
        with open("/proc/self/oom_score_adj", "wb", buffering=0) as score:
            score.write(b"0")
    except OSError:
        pass  # where the score that the container was given is the lowest for everybody
    yield
    import pages  # only here, where nobody waits for it

    yield
    yield from pages.release_files()
