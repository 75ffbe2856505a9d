"""Watches a program while it runs: its clocks, and now and then what it has filled."""

from __future__ import annotations

from usage import is_full

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from confinement import Confinement
    from confinement.run import Run
    from loop import Loop
    from messages import Limit, RunLimits
    from usage import Version

SPOT_CHECK_SECONDS = 0.25
LEAST_CPU_SECONDS = 0.005


class Watch:
    """`on_limit` is called when a clock has run out, `on_memory` when more waits in sockets than the memory may hold.
    `cpu_ms` is what the program has used; where nothing measures it, the wall limit must do."""

    def __init__(
        self,
        loop: Loop,
        confinement: Confinement | Run,
        version: Version | None,
        *,
        cpu_ms: Callable[[], float | None],
        on_limit: Callable[[Limit], None],
        on_memory: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._confinement = confinement
        self._version: Version | None = version
        self._cpu_ms = cpu_ms
        self._on_limit = on_limit
        self._on_memory = on_memory
        self._timers: dict[str, int] = {}
        self.found_full = False

    def start(self, limits: RunLimits, cpus: float) -> None:
        wall_ms, cpu_ms = limits["wallMs"], limits["cpuMs"]
        if wall_ms is not None:
            self._timers["wall"] = self._loop.after(wall_ms / 1000, lambda: self._on_limit("wall"))
        if cpu_ms is not None:
            # Even with every processor busy its time cannot be used up sooner.
            self._timers["cpu"] = self._loop.after(cpu_ms / 1000 / cpus, lambda: self._look_at_cpu(cpu_ms, cpus))
        if not self._confinement.lasts:
            self._timers["spot"] = self._loop.after(SPOT_CHECK_SECONDS, self._check_spots)

    def stop(self) -> None:
        for timer in self._timers.values():
            self._loop.cancel(timer)
        self._timers.clear()

    def _look_at_cpu(self, most_ms: float, cpus: float) -> None:
        left_ms = most_ms - (self._cpu_ms() or 0)
        if left_ms <= 0:
            self._on_limit("cpu")
        else:
            seconds = max(left_ms / 1000 / cpus, LEAST_CPU_SECONDS)
            self._timers["cpu"] = self._loop.after(seconds, lambda: self._look_at_cpu(most_ms, cpus))

    def _check_spots(self) -> None:
        self.look_at_disks()
        self._look_at_sockets()
        self._timers["spot"] = self._loop.after(SPOT_CHECK_SECONDS, self._check_spots)

    def look_at_disks(self) -> None:
        self.found_full = self.found_full or any(is_full(disk) for disk in self._confinement.disks)

    def _look_at_sockets(self) -> None:
        network = self._confinement.network
        if network is None or self._version is None:
            return
        from socket_memory import SocketMemory  # only here, because most programs have ended by now

        if SocketMemory(self._version).is_too_much(network):
            self._on_memory()
