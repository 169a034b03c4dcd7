"""Writing one file, whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from grader.errors import CannotWrite


def write_file(target: Path, data: bytes) -> None:
    """Write `data`; the folder is made if it is not there. CannotWrite says why it could not be."""
    scratch = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch.write_bytes(data)
        scratch.replace(target)
    except OSError as error:
        raise CannotWrite(
            f"cannot write {target}: {error.strerror or error}. Choose another place with -o."
        ) from None
    finally:
        with suppress(OSError):
            scratch.unlink()
