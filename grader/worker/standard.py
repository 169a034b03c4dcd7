"""A process that serves over its standard input and output: takes them for itself, so that nothing else can."""

from __future__ import annotations

import os
import sys


def take(*others: int) -> tuple[int, int]:
    """New numbers of the files behind 0 and 1. These, and `others`, lead nowhere from now on."""
    taken = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, *others):
        os.dup2(null, standard)
    os.close(null)
    if sys.platform == "win32":
        import msvcrt

        for file in taken:
            msvcrt.setmode(file, os.O_BINARY)
    return taken
