"""The JSON payloads of frames. Only the type checker reads this file: nothing imports it at run time."""

from typing import Literal, NotRequired, TypeAlias, TypedDict

Limit: TypeAlias = Literal["wall", "cpu", "output"]


class Warm(TypedDict):
    """The interpreter to start ahead of its program."""

    argv: list[str]
    env: dict[str, str]


class CellUsers(TypedDict):
    """Users that nobody else on the host has: the agent's, that of process 1 of the namespaces, the programs'. And the
    group of their terminals."""

    kind: Literal["cell"]
    agentUid: int
    setupUid: int
    programUid: int
    terminalGid: int


class ContainerUser(TypedDict):
    kind: Literal["container"]
    uid: int


class NoIsolation(TypedDict):
    kind: Literal["local"]


class Init(TypedDict):
    confinement: CellUsers | ContainerUser | NoIsolation
    diskBytes: int
    workspace: str
    env: dict[str, str]
    cpus: float
    warm: Warm | None


class ListedFile(TypedDict):
    path: str
    size: int


class Put(TypedDict):
    files: list[ListedFile]


class TerminalSize(TypedDict):
    cols: int
    rows: int


class Exec(TypedDict):
    argv: list[str]
    env: dict[str, str]
    coldEnv: dict[str, str]
    wallMs: int
    cpuMs: int
    outputBytes: int
    killGraceMs: int
    credit: int
    diskBytes: int
    terminal: TerminalSize | None


class Signal(TypedDict):
    signal: int
    killGraceMs: NotRequired[int]


class Ready(TypedDict):
    protocol: int
    cgroup: Literal["v1", "v2"] | None
    warm: bool


class ExitReport(TypedDict):
    code: int | None
    signal: int | None
    wallMs: float
    cpuMs: float | None
    peakMemoryBytes: int | None
    oomKilled: bool | None
    limit: Limit | None
    hits: list[str]
