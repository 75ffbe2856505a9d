"""A trick: what Python made at its own start is set apart from the garbage collector (`gc.freeze`).

Otherwise the collector looks at ten thousand objects twice while a program ends. Without it a program takes 4.4 ms of a
processor instead of 3.0 in a fresh container (2026-11-29), 15.2 instead of 12.8 in a cell (2026-11-30,
`node apps/bench/src/tricks/main.ts --without freeze`).

Modules are kept alive until Python clears them, so that what a program attaches to one of them is released as well.
The code of functions, to which nothing can be attached, is never released at all.

A program that names what could show the difference, the collector itself or the order in which objects are released,
runs without it.

Import this before anything that programs must not keep. Switch: `freeze`.
"""

import gc
import sys

import switches

_MENTIONS = (b"gc", b"__del__", b"weakref")

_is_on = switches.is_on("freeze")
if _is_on:
    _kept: "list[object]" = list(sys.modules.values())
    _kept += [thing.__code__ for thing in gc.get_objects() if type(thing) is type(lambda: 0)]
    _kept.append(_kept)
    del _kept
    gc.freeze()


def undo_where_mentioned(source: bytes) -> None:
    if _is_on and any(mention in source for mention in _MENTIONS):
        gc.unfreeze()
