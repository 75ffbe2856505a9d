"""A trick: JSON by the interpreter's own scanner and encoder. The module `json` would import regular expressions and
enumerations: 1.0 MiB more in a container that waits, and 4.6 ms more of a processor to start it, 10 % of both
(2026-11-29, `node apps/bench/src/tricks/main.ts --without json`). Switch: `json`.
"""

from __future__ import annotations

import _json

import switches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, NoReturn


if not switches.is_on("json"):
    import json as _  # noqa: F401


class _Reading:
    """What the scanner reads its options from."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_float, parse_int, parse_constant = float, int, float
    memo: dict[str, str] = {}  # noqa: RUF012


def _refuse(value: object) -> NoReturn:
    raise TypeError(f"no JSON for {value!r}")


_scan = _json.make_scanner(_Reading)  # pyright: ignore[reportArgumentType] it asks for a JSONDecoder, and needs this
_encode = _json.make_encoder(None, _refuse, _json.encode_basestring_ascii, None, ":", ",", False, False, False)


def loads(payload: bytes) -> Any:
    return _scan(payload.decode(), 0)[0]


def dumps(value: Mapping[str, object]) -> bytes:
    return "".join(_encode(value, 0)).encode()
