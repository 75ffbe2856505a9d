"""Two pipes that are ready at the same time: in which order their bytes are passed on."""

from __future__ import annotations

#: What one write puts into a pipe in one piece, and so the least that is worth a turn (PIPE_BUF of Linux).
TURN_BYTES = 4096


def take_turns(first: tuple[int, bytes], second: tuple[int, bytes]) -> list[tuple[int, bytes]]:
    """Descriptors and what was read from them; `first` became ready first. Returns parts of it in their order.

    Parts are small and, where possible, end with a line. Both pipes advance at the same rate, because both were
    written in the same time: `first` has the first part, `second` the last one.
    """
    firsts, seconds = _cut(first[1]), _cut(second[1])
    parts = [(at / len(firsts), True, part) for at, part in enumerate(firsts)]
    parts += [((at + 1) / len(seconds), False, part) for at, part in enumerate(seconds)]
    parts.sort(key=lambda part: part[:2])
    return [(first[0] if is_first else second[0], part) for _, is_first, part in parts]


def _cut(data: bytes) -> list[bytes]:
    parts: list[bytes] = []
    start = 0
    while len(data) - start > TURN_BYTES:
        end = data.rfind(b"\n", start, start + TURN_BYTES) + 1 or start + TURN_BYTES
        parts.append(data[start:end])
        start = end
    parts.append(data[start:])
    return parts
