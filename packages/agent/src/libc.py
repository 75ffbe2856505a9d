"""Functions of the C library that Python itself does not offer. Not by `ctypes`: it imports much that is not needed."""

import _ctypes
import posix

_library = _ctypes.dlopen(None, 2)  # pyright: ignore[reportArgumentType] None is the process itself


class _Int(_ctypes._SimpleCData):  # pyright: ignore[reportMissingTypeArgument, reportUntypedBaseClass]
    _type_ = "i"


class _Function(_ctypes.CFuncPtr):  # pyright: ignore[reportUntypedBaseClass]
    _flags_ = _ctypes.FUNCFLAG_CDECL | _ctypes.FUNCFLAG_USE_ERRNO
    _restype_ = _Int


class Address(_ctypes._SimpleCData):  # pyright: ignore[reportMissingTypeArgument, reportUntypedBaseClass]
    """A number that is as wide as a pointer."""

    _type_ = "P"


class _Byte(_ctypes._SimpleCData):  # pyright: ignore[reportMissingTypeArgument, reportUntypedBaseClass]
    _type_ = "b"


def find(name: str) -> "_Function":
    """For `call`."""
    return _Function(_ctypes.dlsym(_library, name))


def call(function: "_Function", *arguments: object) -> int:
    """Numbers are C's `int`, bytes and None are pointers. Raises OSError where the function returns -1."""
    result = function(*arguments)
    if result == -1:
        number = _ctypes.get_errno()
        raise OSError(number, posix.strerror(number))
    return result


class Memory:
    """A copy of some bytes, at an address that stays."""

    def __init__(self, content: bytes) -> None:
        self._kept = (_Byte * len(content)).from_buffer_copy(content)
        self.address = _ctypes.addressof(self._kept)

    def read(self) -> bytes:
        """What is there now, where a function has written."""
        return bytes(self._kept)
