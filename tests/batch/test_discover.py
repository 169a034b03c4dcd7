"""Discovery finds every notebook, refuses what could hurt, and drops nothing silently."""

import io
import os
import stat
import threading
import zipfile
from pathlib import Path

import pytest

from grader.batch.discover import discover, shard
from grader.batch.found import Source, Unreadable
from grader.batch.reading import Reader, read_file
from grader.batch.run import _exists
from grader.batch.walk import NESTED_BYTES
from grader.errors import UsageError
from grader.notebook.read import MAX_BYTES


def put(folder: Path, *names: str, text: str = "{}") -> None:
    for name in names:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def reasons(found) -> dict[str, str]:
    return {one.path: one.reason for one in found.skipped}


def test_flat_folder_keeps_stems(tmp_path: Path) -> None:
    put(tmp_path, "a.b.001.ipynb", "zoë k.ipynb", "c.ipynb.json", "d.py", "e.ipynb.txt")
    found = discover([tmp_path])
    assert [one.id for one in found.submissions] == ["a.b.001", "c", "d", "e", "zoë k"]
    assert found.submissions[0].file == "a.b.001.ipynb"
    assert found.submissions[0].student is None


def test_nested_folders_stay_nested_and_noise_is_listed(tmp_path: Path) -> None:
    put(
        tmp_path,
        "s1/hw.ipynb",
        "s1/.ipynb_checkpoints/hw-checkpoint.ipynb",
        "__MACOSX/._hw.ipynb",
        ".h.ipynb",
        "x.csv",
    )
    found = discover([tmp_path])
    assert [one.id for one in found.submissions] == ["s1/hw"]
    assert set(reasons(found)) == {"s1/.ipynb_checkpoints/", "__MACOSX/", ".h.ipynb", "x.csv"}


def test_helper_modules_beside_a_notebook_are_listed_not_graded(tmp_path: Path) -> None:
    put(tmp_path, "s1/hw.ipynb", "s1/dnn_utils_v2.py", "s1/anything.py", "s2/hw.py")
    found = discover([tmp_path])
    assert [one.id for one in found.submissions] == ["s1/hw", "s2/hw"]
    assert set(reasons(found)) == {"s1/dnn_utils_v2.py", "s1/anything.py"}


def test_links_and_pipes_are_refused_without_waiting(tmp_path: Path) -> None:
    put(tmp_path, "ok.ipynb")
    os.symlink("/etc/passwd", tmp_path / "link.ipynb")
    os.symlink(tmp_path, tmp_path / "loop")
    os.mkfifo(tmp_path / "pipe.ipynb")
    found = discover([tmp_path])
    assert [one.id for one in found.submissions] == ["ok"]
    assert "symbolic link" in reasons(found)["link.ipynb"]
    assert "pipe" in reasons(found)["pipe.ipynb"]
    assert "loop" in reasons(found)


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_file_swapped_after_discovery_is_refused_on_the_descriptor(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "x.ipynb"
    os.symlink("/etc/passwd", target) if kind == "link" else os.mkfifo(target)
    with pytest.raises(Unreadable):
        read_file(str(target))


def test_size_is_capped_before_reading(tmp_path: Path) -> None:
    big = tmp_path / "big.ipynb"
    with big.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    found = discover([tmp_path])  # it is a submission: its report says why it is not graded
    with pytest.raises(Unreadable) as refusal, Reader() as reader:
        reader.read(found.submissions[0].source)
    assert refusal.value.code == "too-large"


def test_empty_folder_is_a_usage_error_that_says_what_was_seen(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no notebook to grade"):
        discover([tmp_path])
    put(tmp_path, "notes.txt")
    with pytest.raises(UsageError, match=r"notes\.txt: not a notebook"):
        discover([tmp_path])
    with pytest.raises(UsageError, match="is not there"):
        discover([tmp_path / "nowhere"])


def test_zip_in_zip_reads_lazily(tmp_path: Path) -> None:
    inner = zipped({"deep/hw.ipynb": b"inner"})
    (tmp_path / "class.zip").write_bytes(
        zipped({"ada/work.zip": inner, "bob.ipynb": b"outer", "__MACOSX/b.ipynb": b""})
    )
    found = discover([tmp_path / "class.zip"])
    assert [one.id for one in found.submissions] == ["ada/work/deep/hw", "bob"]
    assert reasons(found) == {"__MACOSX/b.ipynb": "what macOS adds to zips"}
    with Reader() as reader:
        assert [reader.read(one.source) for one in found.submissions] == [b"inner", b"outer"]


@pytest.mark.parametrize(
    "name", ["../evil.ipynb", "/abs.ipynb", "a/../../evil.ipynb", "C:\\evil.ipynb", "..\\evil.ipynb"]
)
def test_zip_names_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "c.zip").write_bytes(zipped({name: b"x", "good.ipynb": b"y"}))
    found = discover([tmp_path / "c.zip"])
    assert [one.id for one in found.submissions] == ["good"]
    assert "leads out" in found.skipped[0].reason


def test_zip_symlinks_encrypted_and_doubled_entries(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo("link.ipynb")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("twice.ipynb", b"old")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("twice.ipynb", b"new")
        locked = zipfile.ZipInfo("locked.ipynb")
        archive.writestr(locked, b"x")
        locked.flag_bits |= 1
    (tmp_path / "c.zip").write_bytes(buffer.getvalue())
    found = discover([tmp_path / "c.zip"])
    assert [one.id for one in found.submissions] == ["twice"]
    assert sorted(one.path for one in found.skipped) == ["link.ipynb", "locked.ipynb", "twice.ipynb"]
    with Reader() as reader:
        assert reader.read(found.submissions[0].source) == b"new"


def test_a_zip_that_lies_about_a_size_is_capped(tmp_path: Path) -> None:
    data = bytearray(zipped({"bomb.ipynb": bytes(MAX_BYTES + 10)}))
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = (100).to_bytes(4, "little")  # the declared size in the table of contents
    (tmp_path / "c.zip").write_bytes(data)
    source = discover([tmp_path / "c.zip"]).submissions[0].source
    with Reader() as reader, pytest.raises(Unreadable):
        reader.read(source)
    (tmp_path / "honest.zip").write_bytes(zipped({"bomb.ipynb": bytes(MAX_BYTES + 10)}))
    with Reader() as reader, pytest.raises(Unreadable) as refusal:
        reader.read(Source(str(tmp_path / "honest.zip"), ("bomb.ipynb",)))
    assert refusal.value.code == "too-large"


@pytest.mark.parametrize("data", [b"", b"not a zip", zipped({"a.ipynb": b"x"})[:-10], b"PK\x05\x06"])
def test_broken_zips_are_listed(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "bad.zip").write_bytes(data)
    put(tmp_path, "ok.ipynb")
    found = discover([tmp_path])
    assert [one.id for one in found.submissions] == ["ok"]
    assert list(reasons(found)) == ["bad.zip"]


def test_zips_nested_too_deep_are_listed(tmp_path: Path) -> None:
    data = zipped({"hw.ipynb": b"x"})
    for level in range(4):
        data = zipped({f"level{level}.zip": data, f"n{level}.ipynb": b"y"})
    (tmp_path / "c.zip").write_bytes(data)
    found = discover([tmp_path / "c.zip"])
    assert len(found.submissions) == 3
    assert "deep" in found.skipped[0].reason


def test_output_folders_are_not_searched(tmp_path: Path) -> None:
    put(tmp_path, "hw.ipynb", "out/x.ipynb", "earlier/.grader/state.json", "earlier/y.ipynb")
    found = discover([tmp_path], out=tmp_path / "out")
    assert [one.id for one in found.submissions] == ["hw"]
    assert set(reasons(found)) == {"out/", "earlier/"}


def test_overlapping_paths_count_a_file_once(tmp_path: Path) -> None:
    put(tmp_path, "s/hw.ipynb")
    found = discover([tmp_path, tmp_path / "s", tmp_path / "s" / "hw.ipynb"])
    assert [one.id for one in found.submissions] == ["s/hw"]
    assert reasons(found) == {"hw.ipynb": "already found as s/hw.ipynb"}


def test_same_names_in_two_folders_get_different_ids(tmp_path: Path) -> None:
    put(tmp_path, "one/hw.ipynb", "two/hw.ipynb")
    found = discover([tmp_path / "one", tmp_path / "two"])
    ids = [one.id for one in found.submissions]
    assert len(set(ids)) == 2
    assert "hw" in ids


def test_shards_are_a_partition(tmp_path: Path) -> None:
    put(tmp_path, *(f"s{number}.ipynb" for number in range(40)))
    found = discover([tmp_path])
    parts = [{one.id for one in shard(found, index, 3).submissions} for index in (1, 2, 3)]
    assert set.union(*parts) == {one.id for one in found.submissions}
    assert sum(map(len, parts)) == 40
    assert all(parts)


def test_unreadable_folder_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "ok.ipynb", "closed/hw.ipynb")
    real = os.scandir

    def scandir(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert reasons(discover([tmp_path])) == {"closed/": "the folder cannot be read: Permission denied"}


class _Mute(zipfile.ZipInfo):
    """An entry whose name is UTF-8 without saying so, as many programs write it."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.filename.encode(), self.flag_bits & ~0x800


def test_a_file_that_is_written_this_moment_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_bytes(b"")
    threading.Timer(0.03, path.write_bytes, [b"whole"]).start()
    assert read_file(str(path)) == b"whole"


@pytest.mark.parametrize("name", ["Zoë 🦊 Ödegård-O'Neill, Jr.", "محمد علي", "李小龍"])
def test_names_in_a_zip_stay_intact(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
        archive.writestr(_Mute(f"{name}/hw.ipynb"), "{}")
        archive.writestr(f"said/{name}.ipynb", "[]")
    found = discover([tmp_path / "class.zip"])
    assert [one.file for one in found.submissions] == sorted([f"{name}/hw.ipynb", f"said/{name}.ipynb"])
    with Reader() as reader:
        assert {one.file: reader.read(one.source) for one in found.submissions} == {
            f"{name}/hw.ipynb": b"{}",
            f"said/{name}.ipynb": b"[]",
        }


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "b", "a.ipynb")
    (tmp_path / "a").mkdir()

    def refuse(path: str) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("grader.batch.walk.os.scandir", refuse)
    with pytest.raises(UsageError, match=r"Passed over: \./: the folder cannot be read: Permission denied"):
        discover([tmp_path / "a"])


def test_inner_zips_that_unpack_to_far_more_than_was_handed_in_are_listed(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.zip", bytes(NESTED_BYTES + 1))
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.zip", inner.getvalue())
    (tmp_path / "ada.ipynb").write_text("{}")
    assert {one.path: one.reason for one in discover([tmp_path]).skipped} == {
        "bomb.zip/inner.zip/zeros.zip": "the zips inside this zip unpack to far more than it holds"
    }


def test_a_zip_of_very_many_is_a_class_only_if_it_is_given_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.batch.walk.MAX_UPLOADED", 2)
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for number in range(3):
            archive.writestr(f"{number}.ipynb", "{}")
    (tmp_path / "ada.ipynb").write_text("{}")
    assert [one.id for one in discover([tmp_path]).submissions] == ["ada"]
    assert len(discover([tmp_path / "many.zip"]).submissions) == 3


def test_a_member_with_broken_lzma_costs_only_itself(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("inner.zip", "{}" * 5000)
    data = bytearray(packed.getvalue())
    data[data.index(b"inner.zip") + len("inner.zip") + 4] = 0xFF  # the properties of the stream
    (tmp_path / "upload.zip").write_bytes(data)
    (tmp_path / "ada.ipynb").write_text("{}")
    assert [one.path for one in discover([tmp_path]).skipped] == ["upload.zip/inner.zip"]


def test_scripts_beside_the_only_notebook_of_a_class_are_submissions(tmp_path: Path) -> None:
    put(tmp_path, "hw1/alice.ipynb", "hw1/bob.py", "hw1/dnn_utils_v2.py")
    found = discover([tmp_path])
    assert [one.id for one in found.submissions] == ["hw1/alice", "hw1/bob"]


def test_an_exclamation_mark_in_a_path_is_part_of_it(tmp_path: Path) -> None:
    """In a ledger it also stands between a zip and what is in it."""
    folder = tmp_path / "Homework 1!"
    folder.mkdir()
    (folder / "class.zip").write_bytes(zipped({"ada.ipynb": b"{}"}))
    (tmp_path / "a").write_text("")
    assert _exists(str(Source(str(folder / "class.zip"), ("ada.ipynb",))))
    assert not _exists(str(tmp_path / "a!b.ipynb"))
