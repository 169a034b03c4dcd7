"""Student packs: what is in them, what is not, and that they answer as the reference does."""

from __future__ import annotations

import hashlib
import itertools
import json
import pickle
import zlib
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pack_samples import forms_of, small_pack, small_plan, small_rubric

from grader.errors import UsageError
from grader.model import Outcome
from grader.references.dnn_inputs import make_suite
from grader.rubric import pack_file, pack_words
from grader.rubric.load import load_rubric, load_source
from grader.rubric.oracle import ReferenceOracle
from grader.rubric.pack import pack
from grader.rubric.pack_answers import TableMaker
from grader.rubric.pack_plan import load_pack, read_pack
from grader.rubric.plan import Plan
from grader.rubric.schema import Rubric
from grader.rubric.shipped import shipped_rubrics
from grader.worker.codec import encode


@pytest.fixture
def rubric() -> Rubric:
    return small_rubric()


@pytest.fixture
def data() -> bytes:
    return small_pack()


@pytest.fixture
def plan() -> Plan:
    return small_plan()


# ------------------------------------------------------------------------------------ what is inside


def reference_lines(reference: str) -> list[str]:
    return [line.strip() for line in load_source(reference).text.splitlines() if len(line.strip()) >= 12]


def lines_in(content: bytes, reference: str = "dnn") -> list[str]:
    return [line for line in reference_lines(reference) if line.encode() in content]


def unpacked(data: bytes) -> bytes:
    return zlib.decompress(data[len(pack_file.MAGIC) + 65 :])


def test_no_line_of_the_reference_is_in_a_pack(data: bytes) -> None:
    assert lines_in(unpacked(data)) == []


@pytest.mark.parametrize("name", shipped_rubrics())
def test_no_line_of_the_reference_is_in_the_words_of_a_whole_catalogue(name: str) -> None:
    text = pack_words.to_text(load_rubric(name), "1").encode()
    assert len(text) > 10_000
    assert lines_in(text, load_rubric(name).reference) == []


def test_a_line_of_the_reference_would_be_found(rubric: Rubric) -> None:
    assert len(reference_lines("dnn")) > 80
    leaky = replace(rubric, title="dW = dW_sum / m, said the teacher")
    assert lines_in(pack_words.to_text(leaky, "1").encode()) == ["dW = dW_sum / m"]


def test_a_pack_tells_nothing_of_the_calls_of_its_seed(rubric: Rubric, plan: Plan) -> None:
    hidden = make_suite(ReferenceOracle(rubric).functions(), 7)
    for name, calls in hidden.isolated.items():
        ours = {encode(call.steps[-1].args) for call in plan.suite.isolated[name] if call.seed is None}
        theirs = {encode(call.steps[-1].args) for call in calls if call.seed is None}
        assert not ours & theirs


def test_the_second_calls_are_others(plan: Plan) -> None:
    fresh = plan.fresh(b"", ["linear_backward"])
    first, second = plan.suite.isolated["linear_backward"][0], fresh.isolated["linear_backward"][0]
    assert set(fresh.isolated) == {"linear_backward"}
    assert not np.array_equal(first.steps[0].args[0], second.steps[0].args[0])


def test_one_seed_gives_one_pack_and_no_seed_gives_another(rubric: Rubric) -> None:
    tiny = replace(rubric, misconceptions={})
    assert pack(tiny, seed=3) == pack(tiny, seed=3) != pack(tiny, seed=4)
    assert pack(tiny) != pack(tiny)


def test_feedback_deeper_than_the_rubric_allows_is_left_out(rubric: Rubric) -> None:
    nudges = replace(rubric, detail="nudge")
    packed, _ = pack_words.from_text(pack_words.to_text(nudges, "1"))
    feedback = packed.misconceptions["missing-1-over-m"].feedback
    assert feedback.nudge
    assert feedback.explanation == feedback.fix == ""


def test_what_is_kept_of_the_rubric_is_the_same(rubric: Rubric, plan: Plan) -> None:
    kept = plan.rubric
    assert (kept.id, kept.version, kept.sha256, kept.functions) == (
        rubric.id,
        rubric.version,
        rubric.sha256,
        rubric.functions,
    )
    assert kept.stand_ins == rubric.stand_ins
    assert kept.misconceptions.keys() == rubric.misconceptions.keys()
    for name, whole in rubric.misconceptions.items():
        assert [kept.functions_of(form) for form in kept.misconceptions[name].forms] == [
            rubric.functions_of(form) for form in whole.forms
        ]
        for field in fields(whole):
            if field.name not in {"forms", "feedback", "replacements", "path"}:
                assert getattr(kept.misconceptions[name], field.name) == getattr(whole, field.name), (
                    field.name
                )


# ----------------------------------------------------------------------------------------- answers


def same(one: Outcome | None, two: Outcome | None) -> bool:
    if one is None or two is None:
        return one is two
    if (one.status, two.status) != ("value", "value"):
        return one.status == two.status
    return encode(one.value) == encode(two.value)


@pytest.mark.parametrize("convention", ["L", "J"])
def test_right_and_single_answers_are_the_references(rubric: Rubric, plan: Plan, convention: str) -> None:
    oracle, packed, whole = ReferenceOracle(rubric), forms_of(plan.rubric), forms_of(rubric)
    for name, calls in plan.suite.isolated.items():
        for call in calls[:2]:
            assert same(plan.right(call, convention), oracle.predict(call, (), convention))
            candidates = {
                form.key for one in (name, *rubric.functions[name].helpers) for form in rubric.forms_in(one)
            }
            for key, form in ((key, whole[key]) for key in candidates):
                assert same(
                    plan.oracle.predict(call, (packed[key],), convention),
                    oracle.predict(call, (form,), convention),
                ), (name, key)


@pytest.mark.parametrize("function", ["linear_backward", "compute_cost", "L_model_backward"])
def test_answers_to_pairs_are_the_references(rubric: Rubric, plan: Plan, function: str) -> None:
    oracle, packed, whole = ReferenceOracle(rubric), forms_of(plan.rubric), forms_of(rubric)
    call = plan.suite.isolated[function][0]
    answered = 0
    for one, two in itertools.combinations([form.key for form in rubric.forms_in(function)], 2):
        got = plan.oracle.predict(call, (packed[one], packed[two]))
        answered += got is not None
        assert same(got, oracle.predict(call, (whole[one], whole[two]))), (one, two)
    assert answered or function == "compute_cost"


# ---------------------------------------------------------------------------------------- hostile


def sealed(tree: object) -> bytes:
    """A pack with a right checksum, whatever is in it."""
    body = zlib.compress(encode(tree, pack_file.CAPS))
    return pack_file.MAGIC + hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def bomb() -> bytes:
    body = zlib.compress(bytes(pack_file.MAX_UNPACKED + 10), 1)
    return pack_file.MAGIC + hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def words_of(data: bytes) -> dict[str, object]:
    words: dict[str, object] = json.loads(pack_file.from_bytes(data, "x")[0])
    return words


Spoil = Callable[[bytes], bytes]
SPOILT: dict[str, tuple[Spoil, str]] = {
    "empty": (lambda data: b"", "no student pack"),
    "a notebook": (lambda data: b'{"cells": []}', "no student pack"),
    "a pickle": (lambda data: pickle.dumps({"calls": []}), "no student pack"),
    "another version": (lambda data: data.replace(b"/v1", b"/v2", 1), "another version"),
    "cut off": (lambda data: data[:-100], "checksum"),
    "only its first line": (lambda data: data[: len(pack_file.MAGIC)], "checksum"),
    "one bit": (lambda data: data[:-1] + bytes([data[-1] ^ 1]), "checksum"),
    "too large inside": (lambda data: bomb(), "far too large"),
    "not compressed": (lambda data: pack_file.MAGIC + hashlib.sha256(b"xyz").hexdigest().encode() + b"\nxyz", "decompressed"),
    "no tree": (lambda data: sealed(3), "while reading"),
    "no words": (lambda data: sealed(("[]", *pack_file.from_bytes(data, "x")[1:])), "while reading"),
    "other words": (
        lambda data: sealed((json.dumps({**words_of(data), "tolerance": "much"}), *pack_file.from_bytes(data, "x")[1:])),
        "TypeError",
    ),
    "unknown function": (
        lambda data: sealed((json.dumps({**words_of(data), "functions": []}), *pack_file.from_bytes(data, "x")[1:])),
        "while reading",
    ),
    "no calls": (lambda data: sealed((pack_file.from_bytes(data, "x")[0], {}, {})), "KeyError"),
}  # fmt: skip


@pytest.mark.parametrize("how", SPOILT)
def test_what_is_no_pack_is_a_usage_error(how: str, data: bytes, tmp_path: Path) -> None:
    spoil, words = SPOILT[how]
    path = tmp_path / "week4.pack"
    path.write_bytes(spoil(data))
    with pytest.raises(UsageError, match="week4.pack") as caught:
        load_pack(path)
    assert words in str(caught.value)


def test_a_huge_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "week4.pack"
    with path.open("wb") as file:
        file.truncate(4 << 30)  # a hole: takes no room on the disk
    with pytest.raises(UsageError, match="larger than 32 MiB"):
        load_pack(path)


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load_pack(tmp_path / "nothing.pack")


def spoilt_answers(seed: int, data: bytes) -> Iterator[bytes]:
    """Packs with right checksums and a few wrong bytes in their answers."""
    rng = np.random.default_rng(seed)
    text, suites, blobs = pack_file.from_bytes(data, "x")
    for _ in range(15):
        spoilt = {name: blob.copy() for name, blob in blobs.items()}
        blob = spoilt["linear_backward/0"]
        blob[rng.integers(0, len(blob), 3)] = rng.integers(0, 256, 3)
        yield sealed((text, suites, spoilt))


def test_spoilt_answers_are_a_usage_error_or_harmless(data: bytes) -> None:
    errors = 0
    for spoilt in spoilt_answers(5, data):
        plan = read_pack(spoilt, "week4.pack")
        call = plan.suite.isolated["linear_backward"][0]
        try:
            for form in ((), *((form,) for form in plan.rubric.forms_in("linear_backward"))):
                plan.oracle.predict(call, form)
        except UsageError:
            errors += 1
    assert errors > 0


def test_three_errors_of_which_two_do_not_simply_add_up_are_not_told(plan: Plan) -> None:
    """Side by side they would be an answer that no code gives."""
    maker = TableMaker()
    rows = [maker.row(Outcome("c", "value", value)) for value in ((0, 0, 0), (1, 0, 0), (0, 2, 0), (0, 0, 3))]
    for key, row in zip(((), (1,), (2,), (3,)), rows, strict=True):
        maker.put("L", key, row)
    oracle: Any = plan.oracle
    found = oracle._row(maker.table, "L", (1, 2, 3))
    assert maker.table.outcome("c", found).value == (1, 2, 3)
    maker.put("L", (1, 2), maker.row(Outcome("c", "value", (9, 9, 0))))
    assert oracle._row(maker.table, "L", (1, 2, 3)) is None
