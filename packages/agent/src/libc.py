"""Functions of the C library that Python itself does not offer. Not by `ctypes`: it imports much that is not needed."""

import _ctypes

_library = _ctypes.dlopen(None, 2)  # pyright: ignore[reportArgumentType] None is the process itself


def find(name: str) -> int:
    """Its address, for `call`."""
    return _ctypes.dlsym(_library, name)


def call(address: int, *arguments: object) -> None:
    _ctypes.call_function(address, arguments)
