"""Turns tricks off, so that what each gains can be measured: AGENT_WITHOUT=freeze,pages.

Only an image made for measuring has this variable: apps/bench/src/tricks.
"""

import posix

_NAME = "AGENT_WITHOUT"
_value = posix.environ.get(_NAME.encode(), b"").decode()
_off = _value.split(",")
#: For a warm interpreter, which has tricks of its own and removes the variable before its program starts.
ENV = {_NAME: _value} if _value else {}


def is_on(trick: str) -> bool:
    return trick not in _off
