"""JSON by the interpreter's own scanner and encoder. The module `json` would bring regular expressions and enumerations
along, which take longer to import than all the rest of the agent: for every container, and nothing here needs them.
For the same reason the agent takes signals and sockets from `_signal` and `_socket`.
"""

import _json


class _Reading:
    strict = True
    object_hook = object_pairs_hook = None
    parse_float, parse_int, parse_constant = float, int, float
    memo = {}


_scan = _json.make_scanner(_Reading)


def _refuse(value):
    raise TypeError(f"no JSON for {value!r}")


_encode = _json.make_encoder(None, _refuse, _json.encode_basestring_ascii, None, ":", ",", False, False, False)


def loads(payload):
    return _scan(payload.decode(), 0)[0]


def dumps(value):
    return "".join(_encode(value, 0)).encode()
