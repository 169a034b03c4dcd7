"""The concept pages: every number on them is computed again, every name on them exists."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from grader import api
from grader.cli import catalogue
from grader.cli.main import cli
from grader.errors import RubricError, UsageError
from grader.feedback.concepts import Concept, concepts, parts, read
from grader.losses import BINARY_CROSS_ENTROPY
from grader.references import dnn
from grader.rubric.load import load_rubric
from grader.rubric.shipped import shipped_rubrics

PAGES = concepts()
RUBRICS = {name: load_rubric(name) for name in shipped_rubrics()}
IDS = {name for rubric in RUBRICS.values() for name in rubric.misconceptions}
ASKED = {"l-and-j", "reading-shapes", "chain-rule-by-layer", "how-the-grader-knows"}

by_page = pytest.mark.parametrize("concept", PAGES.values(), ids=PAGES)

Numbers = dict[str, list[float]]

_NUMBERS = re.compile(r"(.*?) +=((?: +-?\d+(?:\.\d+)?)+)$")


def blocks(concept: Concept) -> list[str]:
    return [part.text for part in parts(concept) if part.kind == "block"]


def tables(concept: Concept) -> list[Numbers]:
    """The blocks that hold numbers alone: what is in front of each equals sign, and the numbers behind it."""
    found = ([_NUMBERS.match(line) for line in block.splitlines()] for block in blocks(concept))
    return [
        {match[1]: [float(number) for number in match[2].split()] for match in matches if match}
        for matches in found
        if all(matches)
    ]


# ------------------------------------------------------------------------------------------ L and J


def forward(W: Any, b: Any, A_prev: Any) -> Any:
    return dnn.sigmoid(W @ A_prev + b)[0]


def l_and_j() -> list[Numbers]:
    """What the tables of `l-and-j` have to hold, from the reference and the losses, for the page's own inputs."""
    given = tables(PAGES["l-and-j"])[0]
    Y, AL = np.array([given["Y"]]), np.array([given["AL"]])
    A_prev = np.array([given["A_prev row 1"], given["A_prev row 2"]])
    m = A_prev.shape[1]
    loss = BINARY_CROSS_ENTROPY
    start = {"L": loss.d_per_example(AL, Y), "J": loss.d_cost(AL, Y)}
    dZ = {key: dnn.sigmoid_backward(dAL, np.log(AL / (1 - AL))) for key, dAL in start.items()}
    dW_sum = {key: value @ A_prev.T for key, value in dZ.items()}
    db_sum = {key: value.sum(axis=1) for key, value in dZ.items()}
    single = dZ["L"] * A_prev
    return [
        {**given, "losses": list(loss.per_example(AL, Y)), "J": [float(loss.cost(AL, Y))]},
        {
            **{f"dL/dW of example {i + 1}": list(single[:, i]) for i in range(m)},
            "their average": list(single.mean(axis=1)),
        },
        _table(dAL=start["L"], dZ=dZ["L"], dW=dW_sum["L"] / m, db=db_sum["L"] / m),
        _table(dAL=start["J"], dZ=dZ["J"], dW=dW_sum["J"], db=db_sum["J"]),
        _table(dW=dW_sum["J"] / m, db=db_sum["J"] / m),
        _table(dW=dW_sum["L"], db=db_sum["L"]),
    ]


def _table(**arrays: Any) -> Numbers:
    return {name: list(np.ravel(array)) for name, array in arrays.items()}


def slips(found: list[Numbers], wanted: list[Numbers]) -> list[str]:
    """Where a page's numbers are not those computed, rounded to four decimals."""
    return [
        f"table {index}, {name}: {one.get(name)} on the page, {values}"
        for index, (one, other) in enumerate(zip(found, wanted, strict=True))
        for name, values in {**{key: [] for key in one}, **other}.items()
        if one.get(name) != [round(float(value), 4) + 0.0 for value in values]
    ]


def test_the_worked_case_of_l_and_j_is_computed_again() -> None:
    assert slips(tables(PAGES["l-and-j"]), l_and_j()) == []


def test_its_dw_and_db_are_the_derivatives_of_the_cost_of_a_net_that_exists() -> None:
    """Some W and b give this AL from this A_prev; there, the cost has the slopes that the page says."""
    given, _, convention_l, *_ = tables(PAGES["l-and-j"])
    Y, AL = np.array([given["Y"]]), np.array([given["AL"]])
    A_prev = np.array([given["A_prev row 1"], given["A_prev row 2"]])
    W1, W2, b = np.linalg.solve(np.vstack([A_prev, np.ones(3)]).T, np.log(AL / (1 - AL))[0])
    np.testing.assert_allclose(forward(np.array([[W1, W2]]), b, A_prev), AL, rtol=1e-12)

    def slope(direction: tuple[float, float, float]) -> float:
        h = 1e-30j
        one, two, bias = (value + h * step for value, step in zip((W1, W2, b), direction, strict=True))
        cost = BINARY_CROSS_ENTROPY.cost(forward(np.array([[one, two]]), bias, A_prev), Y)
        return float(np.imag(cost) / 1e-30)

    assert [slope((1, 0, 0)), slope((0, 1, 0))] == pytest.approx(convention_l["dW"], rel=1e-12)
    assert [slope((0, 0, 1))] == pytest.approx(convention_l["db"], rel=1e-12)


def test_a_wrong_number_on_the_page_is_seen() -> None:
    page = PAGES["l-and-j"]
    for right, wrong in (("0.5    0.7", "0.5    0.8"), ("0.6109", "0.611"), ("2.1\n", "2.2\n")):
        assert right in page.text
        found = tables(replace(page, text=page.text.replace(right, wrong, 1)))
        assert slips(found, l_and_j()) != []


def test_repeating_every_example_shows_what_the_page_says() -> None:
    """No 1/m: doubles. Once: stays. Twice: halves."""
    dZ, A_prev = np.array([[-0.2, 0.5, 0.6]]), np.array([[1.0, 1, 2], [0, 3, 1]])
    two = (np.hstack((dZ, dZ)), np.hstack((A_prev, A_prev)))
    for times, factor in ((0, 2), (1, 1), (2, 0.5)):
        once, again = (z @ a.T / z.shape[1] ** times for z, a in ((dZ, A_prev), two))
        np.testing.assert_allclose(again, factor * once)


# ------------------------------------------------------------------------------- the chain rule


def test_the_worked_case_of_the_chain_rule_is_computed_again() -> None:
    ahead, back, nudged = tables(PAGES["chain-rule-by-layer"])
    value = {name: np.array([numbers]) for name, numbers in ahead.items()}
    parameters = {name: value[name] for name in ("W1", "b1", "W2", "b2")}
    AL, caches = dnn.L_model_forward(value["x"], parameters)
    (linear, Z1), (linear_2, Z2) = caches
    found = {**value, "Z1": Z1, "A1": linear_2[0], "Z2": Z2, "A2": AL}
    found["L"] = np.array(BINARY_CROSS_ENTROPY.cost(AL, value["y"]))
    assert slips([ahead], [_table(**found)]) == []
    np.testing.assert_array_equal(linear[0], value["x"])

    grads = dnn.L_model_backward(AL, value["y"], caches)
    dA2 = BINARY_CROSS_ENTROPY.d_per_example(AL, value["y"])
    slopes = {
        **{name: grads[name] for name in ("dW1", "db1", "dW2", "db2", "dA1")},
        "dA2": dA2,
        "dZ2": dnn.sigmoid_backward(dA2, Z2),
        "dZ1": dnn.relu_backward(grads["dA1"], Z1),
    }
    assert slips([back], [_table(**slopes)]) == []

    AL, _ = dnn.L_model_forward(value["x"], {**parameters, "W1": np.array([[0.501]])})
    loss = BINARY_CROSS_ENTROPY.cost(AL, value["y"])
    assert slips([nudged], [{"L with W1 = 0.501": [loss]}]) == []


# --------------------------------------------------------------------------------------- shapes

SIZES = {"n_prev": 3, "n": 2, "m": 5}


def shape(text: str) -> tuple[int, ...]:
    """`(n, m)`, `(2,)`, `()`: the sizes as numbers."""
    words = (word.strip() for word in text.strip("() ").split(","))
    return tuple(SIZES.get(word) or int(word) for word in words if word)


def shapes_of_names() -> dict[str, tuple[int, ...]]:
    lines = [
        re.fullmatch(r"(.*?)  +(\(.*\))", line) for line in blocks(PAGES["reading-shapes"])[0].splitlines()
    ]
    return {name: shape(line[2]) for line in lines if line for name in line[1].split(", ")}


def test_the_shapes_are_those_of_the_reference() -> None:
    named = shapes_of_names()
    ones = {name: np.ones(size) for name, size in named.items()}
    Z, cache = dnn.linear_forward(ones["A_prev"], ones["W"], ones["b"])
    dA_prev, dW, db = dnn.linear_backward(ones["dZ"], cache)
    assert {"Z": Z.shape, "dA_prev": dA_prev.shape, "dW": dW.shape, "db": db.shape}.items() <= named.items()
    assert len(named) == 10


def test_the_products_have_the_shapes_that_the_page_gives() -> None:
    lines = [re.fullmatch(r"(.*?)  +(\(.*?\)) · (\(.*?\)) -> (\(.*\))", line) for line in _lines(1)]
    assert len(lines) == 3
    for line in lines:
        assert line
        left, right = (_array(name) for name in line[1].split(" · "))
        assert (left.shape, right.shape) == (shape(line[2]), shape(line[3]))
        assert (left @ right).shape == shape(line[4])


def test_the_sums_have_the_shapes_that_the_page_gives() -> None:
    assert len(_lines(2)) == 4
    for line in _lines(2):
        code, _, result = line.partition("->")
        assert eval(code, {"np": np, "dZ": _array("dZ")}).shape == shape(result)
    assert (np.ones((2, 1)) - np.ones(2)).shape == (2, 2)


def test_the_error_is_the_one_that_numpy_raises() -> None:
    (line,) = _lines(3)
    with pytest.raises(ValueError, match=re.escape(line.removeprefix("ValueError: "))):
        np.dot(_array("dZ"), _array("A_prev"))


def _lines(index: int) -> list[str]:
    return blocks(PAGES["reading-shapes"])[index].splitlines()


def _array(name: str) -> Any:
    array = np.ones(shapes_of_names()[name.removesuffix(".T")])
    return array.T if name.endswith(".T") else array


# ------------------------------------------------------------------------------ names and words


def test_every_page_that_was_asked_for_is_there() -> None:
    assert set(PAGES) >= ASKED
    assert not set(PAGES) & IDS, "a concept and a misconception with the same name"


@pytest.mark.parametrize("name", RUBRICS)
def test_every_see_is_an_id_or_a_concept(name: str) -> None:
    found = RUBRICS[name].misconceptions
    wrong = {one.id: set(one.see) - set(found) - set(PAGES) for one in found.values()}
    assert {key: value for key, value in wrong.items() if value} == {}


@pytest.mark.parametrize("name", RUBRICS)
def test_what_is_about_1_over_m_names_the_page(name: str) -> None:
    found = RUBRICS[name].misconceptions
    about = {one for one in found if re.search(r"1-over|one-over-n|^divides-by|dal-summed", one)}
    assert {"missing-1-over-m", "doubled-1-over-m", "cost-missing-1-over-m"} <= about
    assert {one for one in about if "l-and-j" not in found[one].see} == set()


@by_page
def test_names_on_a_page_exist(concept: Concept) -> None:
    hyphenated = re.findall(r"`([a-z0-9]+(?:-[a-z0-9]+)+)`", concept.text)
    assert set(hyphenated) <= IDS | set(PAGES)


@by_page
def test_words_are_plain(concept: Concept) -> None:
    prose = " ".join(part.text for part in parts(concept) if part.kind != "block")
    unfit = re.compile(
        r"\b(simply|just|obviously|clearly|easy|easily|illegal|you|your|we|mistake)\b|!", re.IGNORECASE
    )
    assert not unfit.findall(re.sub(r"`[^`]*`", "", prose))
    assert prose.count("`") % 2 == 0
    assert all(len(line) <= 110 for line in concept.text.splitlines())
    assert len(concept.text.split()) <= 800, "a page is short"


@by_page
def test_a_page_is_in_pieces_without_losing_a_word(concept: Concept) -> None:
    def words(text: str) -> list[str]:
        return text.replace("## ", "").split()

    assert words(" ".join(part.text for part in parts(concept))) == words(concept.text)


# ------------------------------------------------------------------------------------- the door

Explain = Callable[..., Any]


@pytest.fixture
def explain() -> Iterator[Explain]:
    yield lambda *args: CliRunner().invoke(cli, ["explain", *args])


@by_page
def test_explain_shows_a_page_with_its_blocks_as_they_are(explain: Explain, concept: Concept) -> None:
    result = explain(concept.name)
    assert result.exit_code == 0
    assert result.stdout.startswith(concept.title + "\n")
    for block in blocks(concept):
        assert all(f"    {line}\n" in result.stdout for line in block.splitlines())
    assert "##" not in result.stdout


def test_explain_lists_the_pages_after_the_misconceptions(explain: Explain) -> None:
    lines = explain("--rubric", "dnn-step-by-step").stdout.splitlines()
    start = lines.index("concepts")
    assert lines.index("linear_backward") < start
    assert [line.split(maxsplit=1) for line in lines[start + 3 :]] == [
        [c.name, c.title] for c in PAGES.values()
    ]


def test_a_misconception_says_where_to_read_on(explain: Explain) -> None:
    text = explain("missing-1-over-m").stdout
    assert "Read on: grader explain l-and-j\n" in text
    assert not re.search(r"See also:.*l-and-j", text)


def test_a_typo_in_a_concepts_name_names_it(explain: Explain) -> None:
    result = explain("l-and-h")
    assert result.exit_code == 2
    assert "'l-and-j'" in result.stderr


def test_the_public_explain_has_the_pages_too() -> None:
    assert "dJ/dW" in api.explain("l-and-j")
    with pytest.raises(UsageError, match="no misconception or concept"):
        api.explain("nothing-of-this-kind-at-all")


def test_a_page_without_a_title_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text("# Title\n\nText.\n")
    assert dict(concepts(tmp_path)) == {"good": Concept("good", "Title", "Text.")}
    with pytest.raises(RubricError, match=r"concepts/bad\.md: the first line"):
        read("bad", "No title\n")


def test_without_pages_misconceptions_are_still_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container that brings one rubric alone has no pages."""
    monkeypatch.setattr(catalogue, "concepts", dict)
    rubric = RUBRICS["dnn-step-by-step"]
    assert "What to change" in "\n".join(catalogue.page("missing-1-over-m", [rubric]))
    assert list(catalogue.concept_listing()) == []


def test_the_page_of_the_documentation_lists_every_concept() -> None:
    text = (Path(__file__).parents[2] / "docs" / "concepts.md").read_text("utf-8")
    for concept in PAGES.values():
        assert f"- [{concept.name}](../rubrics/concepts/{concept.name}.md): {concept.title}\n" in text
