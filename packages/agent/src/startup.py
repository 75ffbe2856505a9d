"""A trick: two questions that Python's start-up would ask next have known answers. Asking them takes 0.34 ms of a
processor, 7 % of the time to a first output (2026-11-29, `node apps/bench/src/tricks/main.ts --without startup`).

1. Is there a module `usercustomize`? Nowhere where programs cannot write. The fork server has looked already, and what
   looking leaves in Python's caches is there.
2. Is the script an archive? Only where a file of the job has the mark of one.

Switch: `startup`.
"""

import _frozen_importlib
import site
import sys

import switches

#: Every zip archive ends with it, whatever it starts with.
_ARCHIVE_MARK = b"PK\x05\x06"

_is_on = switches.is_on("startup")


def has_customization() -> bool:
    if not _is_on:
        return True
    return _frozen_importlib._find_spec("usercustomize", None) is not None  # pyright: ignore


def skip_customization() -> None:
    """Start-up calls it next, once, and then finds it as it was."""
    if not site.ENABLE_USER_SITE:
        return
    execute = site.execusercustomize

    def skip() -> None:
        site.execusercustomize = execute

    site.execusercustomize = skip


def expect_no_archive(script: str) -> None:
    if _is_on:
        sys.path_importer_cache[script] = None


def look_again_where_marked(script: str, source: bytes) -> None:
    if _is_on and _ARCHIVE_MARK in source:
        del sys.path_importer_cache[script]
