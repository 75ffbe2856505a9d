"""How programs are kept in, started and ended. There are three ways, with the same methods:

1. `cell`: many programs, one after another, each in namespaces of its own. Process 1 of those is killed in the end.
   Or one place that lasts, for many programs at the same time (place.py).
2. `container`: one program, as one user of the container. Everything in the container is killed in the end.
3. `local`: no isolation, for trying out. Process groups and children are killed in the end.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from confinement.cell import Cell
    from confinement.container import Container
    from confinement.local import Local
    from confinement.place import Place
    from loop import Loop
    from messages import Init
    from server import StartServer

    Confinement: TypeAlias = "Cell | Container | Local"


def create(settings: Init, server: StartServer | None, loop: Loop) -> Confinement:
    """Imports only the kind that is used."""
    confinement, workspace = settings["confinement"], settings["workspace"]
    if confinement["kind"] == "local":
        from confinement.local import Local

        return Local(workspace)
    if confinement["kind"] == "container":
        from confinement.container import Container

        return Container(confinement["uid"], workspace, server)
    from confinement.cell import Cell

    if server is None:
        raise RuntimeError("a cell needs a start server, which only process 1 of a container has")
    if settings["use"] == "sandbox":
        from confinement.place import Place

        return Place(confinement, settings["diskBytes"], settings["processes"], workspace, server, loop)
    return Cell(confinement, settings["diskBytes"], workspace, server)


def to_place(confinement: Confinement) -> Place:
    """Raises RuntimeError where it is none."""
    from confinement.place import Place

    if not isinstance(confinement, Place):
        raise RuntimeError("a sandbox lasts only in a cell")
    return confinement
