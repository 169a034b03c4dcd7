"""Files are written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.errors import CannotWrite
from grader.files import open_file, write_new, write_whole


def test_a_file_is_written_in_pieces_into_a_new_folder(tmp_path: Path) -> None:
    write_whole(tmp_path / "new" / "page", iter([b"one ", b"", b"two"]))
    assert (tmp_path / "new" / "page").read_bytes() == b"one two"


def test_what_breaks_off_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    def breaking() -> Iterator[bytes]:
        yield b"half"
        raise RuntimeError

    path = tmp_path / "page"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError):
        write_whole(path, breaking())
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_replaced_not_followed(tmp_path: Path) -> None:
    other, path = tmp_path / "other", tmp_path / "page"
    other.write_bytes(b"of somebody else")
    path.symlink_to(other)
    write_whole(path, b"new")
    assert (path.read_bytes(), other.read_bytes(), path.is_symlink()) == (b"new", b"of somebody else", False)


def test_a_link_laid_in_wait_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "page").symlink_to(tmp_path / "other")
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "page", b"new")
    assert not (tmp_path / "other").exists()


def test_why_it_cannot_be_written_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(
        CannotWrite, match=r"cannot write .*page: .*file is no folder\. Choose another place\.$"
    ):
        write_whole(tmp_path / "file" / "page", b"x", "Choose another place.")


def test_a_link_is_not_followed_where_the_system_has_no_flag_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").write_bytes(b"")
    (tmp_path / "page").symlink_to(tmp_path / "other")
    monkeypatch.delattr(os, "O_NOFOLLOW")
    with pytest.raises(OSError, match="page"):
        open_file(tmp_path / "page", os.O_RDONLY)
    os.close(open_file(tmp_path / "page", os.O_RDONLY, follow=True))
