"""A zip archive as a stream of bytes, so that a class of any size needs no memory."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator

_EPOCH = (1980, 1, 1, 0, 0, 0)


def zip_chunks(files: Iterable[tuple[str, bytes, bool]]) -> Iterator[bytes]:
    """(name, data, executable) → the archive's bytes. The same files give the same archive."""
    sink = _Queue()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data, executable in files:
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (0o100755 if executable else 0o100644) << 16
            archive.writestr(info, data)
            yield sink.take()
    yield sink.take()


class _Queue(io.RawIOBase):
    """Keeps what is written until it is taken; zipfile needs nothing more of a file that cannot seek."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes | bytearray | memoryview) -> int:  # type: ignore[override]
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken
