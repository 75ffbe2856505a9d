"""Whether a cell is as small as after its first program. Otherwise something was left that is not worth looking for."""

from __future__ import annotations

import os

import usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from loop import Loop

MIB = 1 << 20
#: What the kernel takes apart in the background (networks above all) is gone within moments.
MOST_SECONDS = 2
AGAIN_SECONDS = 0.01


class Memory:
    """Bytes that the kernel counts for this container: of processes and of files in memory, and its own. Not what it
    keeps of files on disks, which it gives back by itself."""

    def __init__(self, root: str = usage.ROOT) -> None:
        if os.path.exists(f"{root}/cgroup.controllers"):
            stat = f"{root}/memory.stat"
            self._counters = (
                (usage.Counter(stat, usage.field("anon")), usage.Counter(stat, usage.field("shmem"))),
                (usage.Counter(stat, usage.field("kernel")),),
            )
        else:
            stat = f"{root}/memory/memory.stat"
            self._counters = (
                (usage.Counter(stat, usage.field("rss")), usage.Counter(stat, usage.field("shmem"))),
                (usage.Counter(f"{root}/memory/memory.kmem.usage_in_bytes", int),),
            )

    def read(self) -> list[int | None]:
        """None for what cannot be read."""
        sums: list[int | None] = []
        for counters in self._counters:
            values = [counter.value() for counter in counters]
            known = [value for value in values if value is not None]
            sums.append(sum(known) if len(known) == len(values) else None)
        return sums


class MemoryReturn:
    def __init__(self, loop: Loop, memory: Memory | None = None, most_seconds: float = MOST_SECONDS) -> None:
        self._loop = loop
        self._memory = memory or Memory()
        self._most_tries = round(most_seconds / AGAIN_SECONDS)
        self._after_first: list[int | None] | None = None

    def when_back(self, then: Callable[[], None], give_up: Callable[[], None]) -> None:
        """Call it when nothing of a program runs any more."""
        if self._after_first is None:
            self._after_first = self._memory.read()
        self._try(then, give_up, 0)

    def _try(self, then: Callable[[], None], give_up: Callable[[], None], tries: int) -> None:
        if self._is_back():
            then()
        elif tries == self._most_tries:
            give_up()
        else:
            self._loop.after(AGAIN_SECONDS, lambda: self._try(then, give_up, tries + 1))

    def _is_back(self) -> bool:
        now = self._memory.read()
        for was, value in zip(self._after_first or [], now, strict=True):
            if was is not None and (value is None or value > was + MIB):
                return False
        return True
