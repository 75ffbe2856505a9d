"""The JSON payloads of frames. Only the type checker reads this file: nothing imports it at run time."""

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

Limit: TypeAlias = Literal["wall", "cpu", "output"]
#: Why there is no connection to a port.
DialCode: TypeAlias = Literal["nothing-listens", "no-answer", "too-many-connections", "failed"]


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
    #: `sandbox`: one place that lasts, and any number of programs in it at the same time.
    use: Literal["programs", "sandbox"]
    confinement: CellUsers | ContainerUser | NoIsolation
    diskBytes: int
    #: Only of a sandbox that lasts: how many processes its programs may have together.
    processes: int
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


class RunLimits(TypedDict):
    """None: no limit."""

    wallMs: int | None
    cpuMs: int | None
    outputBytes: int | None
    killGraceMs: int
    credit: int
    terminal: TerminalSize | None


class Exec(RunLimits):
    argv: list[str]
    env: dict[str, str]
    coldEnv: dict[str, str]
    diskBytes: int


class Start(RunLimits):
    """In a sandbox that lasts: a command, or one of our tasks (tasks/)."""

    argv: NotRequired[list[str]]
    env: NotRequired[dict[str, str]]
    task: NotRequired[dict[str, Any]]
    folder: str


class Signal(TypedDict):
    signal: int
    killGraceMs: NotRequired[int]


class Ask(TypedDict):
    """`hold`: before the container is frozen. Until `release` no time passes for programs."""

    what: Literal["metrics", "hold", "release"]


class Dialled(TypedDict):
    port: int
    credit: int


class KnownPorts(TypedDict):
    known: list[int]


class Metrics(TypedDict):
    """None where the kernel does not say it."""

    memoryBytes: int | None
    cpuMs: float | None
    diskBytes: int | None
    processes: int | None


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
