"""A rubric may take a shipped rubric's misconceptions: what fits, nothing that is left behind, and nothing lost unseen."""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path

import pytest

from grader.errors import RubricError
from grader.platforms.wheel import build_wheel
from grader.rubric.load import load_rubric

RUBRICS = Path(__file__).parents[2] / "rubrics"
LOGISTIC = RUBRICS / "logistic-regression"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Week 2 with one misconception of its own, which takes the others."""
    (tmp_path / "week2" / "misconceptions").mkdir(parents=True)
    shutil.copy(LOGISTIC / "misconceptions" / "sigmoid-exp-sign.yaml", tmp_path / "week2" / "misconceptions")
    text = (LOGISTIC / "rubric.yaml").read_text(encoding="utf-8")
    (tmp_path / "week2" / "rubric.yaml").write_text(f"{text}\ntakes:\n  from: logistic-regression\n")
    return tmp_path / "week2"


def write(folder: Path, old: str, new: str) -> int:
    """Changes the rubric, and gives the line of the change."""
    path = folder / "rubric.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_everything_is_taken_in_the_order_of_ids(own: Path) -> None:
    taken, theirs = load_rubric(str(own)).misconceptions, load_rubric("logistic-regression").misconceptions
    assert list(taken) == list(theirs)
    assert {one.path and one.path.parent.parent.name for one in taken.values()} == {"week2", LOGISTIC.name}


def test_an_own_file_goes_before(own: Path) -> None:
    path = own / "misconceptions" / "sigmoid-exp-sign.yaml"
    path.write_text(path.read_text().replace("title: ", "title: own, "))
    assert load_rubric(str(own)).misconceptions["sigmoid-exp-sign"].title.startswith("own, ")


def test_what_is_left_is_pointed_to_by_nothing(own: Path) -> None:
    theirs = load_rubric("logistic-regression").misconceptions
    pointed = next(
        name
        for name in theirs
        if name != "sigmoid-exp-sign" and any(name in one.see for one in theirs.values())
    )
    write(own, "from: logistic-regression", f"from: logistic-regression\n  except: [{pointed}]")
    taken = load_rubric(str(own)).misconceptions
    assert theirs.keys() - taken.keys() == {pointed}
    assert not any(pointed in one.see for one in taken.values())


def test_functions_that_the_rubric_does_not_have_stay_behind(own: Path) -> None:
    text = (own / "rubric.yaml").read_text(encoding="utf-8")
    start, end = text.index("  optimize:\n"), text.index("  predict:\n")
    (own / "rubric.yaml").write_text(text[:start] + text[end:], encoding="utf-8")
    taken = load_rubric(str(own))
    assert "optimize" not in taken.functions
    functions = {
        edit.function for one in taken.misconceptions.values() for form in one.forms for edit in form.edits
    }
    assert functions == {"sigmoid", "initialize_with_zeros", "propagate", "predict"}
    assert not any(one.function == "optimize" for one in taken.misconceptions.values())


def test_what_does_not_fit_the_reference_is_named(own: Path) -> None:
    reference = RUBRICS.parent / "grader" / "references" / "logistic.py"
    text = reference.read_text(encoding="utf-8")
    assert text.count("np.exp(-z)") == 1
    (own / "reference.py").write_text(text.replace("np.exp(-z)", "np.exp(0 - z)"), encoding="utf-8")
    shutil.copy(reference.with_name("logistic_inputs.py"), own / "reference_inputs.py")
    (own / "misconceptions" / "sigmoid-exp-sign.yaml").unlink()
    write(own, "reference: logistic", "reference: ./reference.py")
    with pytest.raises(RubricError, match=r"`takes`: .* do not fit this reference.*sigmoid-exp-sign"):
        load_rubric(str(own))


@pytest.mark.parametrize(
    ("new", "says"),
    [
        ("from: logistic-regresion", "no other shipped rubric; the nearest is 'logistic-regression'"),
        ("from: week2", "no other shipped rubric"),
        ("except: []", "lacks the key 'from'"),
        ("from: logistic-regression\n  but: []", "unknown key 'but'"),
        ("from: logistic-regression\n  except: [sigmoid-exp-sing]", "no misconception 'sigmoid-exp-sing'"),
    ],
)
def test_what_cannot_be_taken(own: Path, new: str, says: str) -> None:
    line = write(own, "from: logistic-regression", new)
    with pytest.raises(RubricError) as caught:
        load_rubric(str(own))
    assert says in str(caught.value)
    assert f"{own / 'rubric.yaml'}" in str(caught.value)
    assert "lacks" in says or any(f"line {at}:" in str(caught.value) for at in (line, line + 1))


def test_a_changed_misconception_of_the_other_rubric_is_another_rubric(
    own: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = load_rubric(str(own)).sha256
    theirs = Path(shutil.copytree(LOGISTIC, tmp_path / "shipped" / LOGISTIC.name))
    monkeypatch.setattr("grader.rubric.catalogue.shipped_rubrics", lambda: {LOGISTIC.name: theirs})
    again = Path(shutil.copytree(own, tmp_path / "again" / "week2"))
    assert load_rubric(str(again)).sha256 == before
    path = theirs / "misconceptions" / "wrong-sign.yaml"
    path.write_text(path.read_text().replace("title: ", "title: other, "))
    changed = Path(shutil.copytree(own, tmp_path / "changed" / "week2"))
    assert load_rubric(str(changed)).sha256 != before


def test_a_package_brings_both_rubrics(own: Path) -> None:
    _, wheel = build_wheel(own)
    names = zipfile.ZipFile(io.BytesIO(wheel)).namelist()
    assert "grader/_rubrics/week2/rubric.yaml" in names
    assert "grader/_rubrics/logistic-regression/misconceptions/wrong-sign.yaml" in names
    assert not any("dnn-step-by-step" in name for name in names)
