"""Locks on an open file, one's own or shared, with what the system has. They end with the file, or the process.

`lock` raises BlockingIOError if another process has it, OSError if the file system has no locks.
"""

from __future__ import annotations

import sys

if sys.platform == "win32":
    import errno
    import msvcrt
    import os
    import secrets

    #: What is locked are bytes, and only for one: one's own lock takes this range, a shared one a byte of it.
    #: It begins where nothing is written, for what is locked cannot be read.
    _FIRST, _BYTES = 1 << 20, 1 << 30
    _HELD = (errno.EACCES, errno.EDEADLK)

    def lock(descriptor: int, *, shared: bool = False, wait: bool = False) -> None:
        os.lseek(descriptor, _FIRST + (secrets.randbelow(_BYTES) if shared else 0), os.SEEK_SET)
        while True:
            try:
                return msvcrt.locking(descriptor, _kind(wait), 1 if shared else _BYTES)
            except OSError as error:
                if error.errno not in _HELD:
                    raise
                if not wait:
                    raise BlockingIOError(*error.args) from None

    def _kind(wait: bool) -> int:
        return msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK  # waiting gives up after ten seconds

else:
    import fcntl

    def lock(descriptor: int, *, shared: bool = False, wait: bool = False) -> None:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        fcntl.flock(descriptor, kind if wait else kind | fcntl.LOCK_NB)
