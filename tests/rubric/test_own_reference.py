"""A reference in the rubric's own folder or in an installed package, and what is told where it does not do."""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from own_reference import OVERFLOWS, SIGN, change, write_rubric

from grader.cli.main import cli
from grader.errors import RubricError, UsageError
from grader.judge.ready import ready_plan
from grader.pipeline import check
from grader.platforms.wheel import build_wheel
from grader.rubric import starter
from grader.rubric.load import load_rubric
from grader.rubric.pack import pack
from grader.rubric.pack_plan import read_pack
from tools import generate, samples


@pytest.fixture
def rubric(tmp_path: Path) -> Path:
    return write_rubric(tmp_path / "week5")


def made_ready(rubric: Path) -> None:
    ready_plan(load_rubric(str(rubric)), 7)


def refused(rubric: Path) -> str:
    with pytest.raises(UsageError) as caught:
        made_ready(rubric)
    return str(caught.value)


def test_no_pack_is_made_of_a_component_that_is_never_there(rubric: Path, tmp_path: Path) -> None:
    change(rubric / "rubric.yaml", ".W1, b1: .b1", "W1, b1: b1")
    made = tmp_path / "a.pack"
    done = CliRunner().invoke(cli, ["rubric", "pack", str(rubric), "-o", str(made)])
    assert (done.exit_code, made.exists()) == (2, False)


def linted(rubric: Path) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["rubric", "lint", str(rubric)])
    return done.exit_code, done.output


def test_a_reference_in_the_rubrics_folder(rubric: Path) -> None:
    plan = ready_plan(load_rubric(str(rubric)), 7)
    right = plan.right(plan.suite.isolated["step"][0])
    assert right is not None
    assert right.value.keys() == {"W1", "b1"}
    assert linted(rubric)[0] == 0
    assert not list(rubric.rglob("__pycache__"))


def test_a_rubric_in_the_current_folder_has_the_folders_name(
    rubric: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(rubric)
    assert load_rubric(".").id == load_rubric("rubric.yaml").id == "week5"


def test_a_reference_below_the_rubrics_folder(rubric: Path) -> None:
    (rubric / "solution").mkdir()
    for name in ("reference.py", "reference_inputs.py"):
        (rubric / name).rename(rubric / "solution" / name)
    change(rubric / "rubric.yaml", "./reference.py", "solution/reference.py")
    made_ready(rubric)


def test_a_reference_in_an_installed_package(
    rubric: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site" / "course_of_mine"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    for name in ("reference.py", "reference_inputs.py"):
        (rubric / name).rename(package / name.replace("reference", "week5"))
    change(rubric / "rubric.yaml", "./reference.py", "course_of_mine.week5")
    monkeypatch.syspath_prepend(str(package.parent))
    made_ready(rubric)
    monkeypatch.delitem(sys.modules, "course_of_mine.week5_inputs")
    (package / "__init__.py").write_text("import there_is_no_such_module\n")
    monkeypatch.delitem(sys.modules, "course_of_mine")
    change(rubric / "rubric.yaml", "version: 1", "version: 2")
    assert "there_is_no_such_module" in refused(rubric)
    assert "no reference module" not in refused(rubric)


def test_a_pack_has_the_keys_of_a_flat_dictionary(rubric: Path) -> None:
    loaded = load_rubric(str(rubric))
    assert read_pack(pack(loaded, seed=1), "a.pack").rubric.functions["step"] == loaded.functions["step"]


def test_a_changed_reference_is_read_again_and_counts_as_another_rubric(rubric: Path) -> None:
    """Results are kept under the rubric's digest."""
    digests = [load_rubric(str(rubric)).sha256]
    for name in ("reference.py", "reference_inputs.py"):
        change(rubric / name, "\n\n\n", "\n\n\n# Another word.\n")
        digests.append(load_rubric(str(rubric)).sha256)
    assert len(set(digests)) == 3
    change(rubric / "reference.py", "W1 = params", "W1 = 2 + params")
    change(rubric / "misconceptions" / "step-plus-sign.yaml", "params", "2 + params")
    change(rubric / "misconceptions" / "step-plus-sign.yaml", "to: 'params", "to: '2 + params")
    assert "2 + params" in ready_plan(load_rubric(str(rubric)), 7).oracle.source.text


# ------------------------------------------------------------------------------- where files are not


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        ("./refrence.py", "there is no Python file"),
        ("../reference.py", "outside of the rubric's folder"),
        ("/etc/reference.py", "outside of the rubric's folder"),
        (
            "softmacks",
            "there is no reference module grader.references.softmacks; a file in the rubric's folder",
        ),
        ("no_such_course.week5", "there is no reference module no_such_course.week5"),
    ],
)
def test_a_reference_that_is_not_there(rubric: Path, reference: str, says: str) -> None:
    line = change(rubric / "rubric.yaml", "./reference.py", reference)
    assert f"rubric.yaml, line {line}: " in refused(rubric)
    assert says in refused(rubric)
    assert linted(rubric)[0] == 2


def test_inputs_that_are_not_there(rubric: Path) -> None:
    (rubric / "reference_inputs.py").unlink()
    assert "rubric.yaml, line 3: there is no file" in refused(rubric)
    assert "reference_inputs.py" in refused(rubric)


# ------------------------------------------------------------------------------- what is wrong in them


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("reference.py", "A = powers /", "A = powers / /", "it does not parse"),
        ("reference.py", "    powers = np.exp", "    powers = torch.exp", "NameError: name 'torch'"),
        ("reference.py", "def step(params, grads, lr)", "def step(params, grads, lr=RATE)", "NameError: name 'RATE'"),
        ("reference.py", '    b1 = params["b1"]', '    b1 = params["b2"]', "KeyError: 'b2', in the call step/0"),
        ("reference_inputs.py", "for shape in", "for shape on", "it does not parse"),
        ("reference_inputs.py", "from grader", "import there_is_none\nfrom grader", "ModuleNotFoundError"),
        ("reference_inputs.py", 'calls.rng("all")', "calls.rnd(3)", "AttributeError: 'CallMaker' object has no"),
        ("reference_inputs.py", 'functions["softmax"]', 'functions["sofmax"]', "KeyError: 'sofmax'"),
        ("reference_inputs.py", '"softmax", rng', '"sofmax", rng', "which the reference does not have"),
        ("reference_inputs.py", 'add("step"', 'add("stepp"', "does not have; the nearest is"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_lecturers_files_has_its_line(
    rubric: Path, name: str, old: str, new: str, says: str
) -> None:
    line = change(rubric / name, old, new)
    told = refused(rubric)
    assert f"{rubric / name}, line {line}: " in told
    assert says in told
    code, output = linted(rubric)
    assert code == 2
    assert "the grader itself broke" not in output


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("def make_suite", "def make_suites", "a function make_suite(functions, seed, only=None) is wanted"),
        (
            "seed, only=None",
            "seed, chosen=None",
            "a function make_suite(functions, seed, only=None) is wanted",
        ),
        ("return Suite(calls.done())", "return calls.done()", "the parts of a Suite are dictionaries"),
        ('calls.add("step"', 'calls.rng("step") and ("step"', "there are no isolated calls of step"),
    ],
)
def test_inputs_that_are_none(rubric: Path, old: str, new: str, says: str) -> None:
    change(rubric / "reference_inputs.py", old, new)
    assert f"{rubric / 'reference_inputs.py'}: " in refused(rubric)
    assert says in refused(rubric)


# ------------------------------------------------------------------------------- components


@pytest.mark.parametrize(
    ("old", "new", "component", "why"),
    [
        (".W1, b1: .b1", "W1, b1: b1", "W1", "the key itself is `W1: .W1`"),
        (".W1, b1: .b1", "0.W1, b1: 0.b1", "W1", "not 1 values"),
        (".W1, b1: .b1", ".W1, b1: .b2", "b1", "there is no key `b2`"),
        ("[A, cache]", "[A, cache, extra]", "A", "2 values are returned, not 3"),
    ],
)
def test_a_component_that_the_reference_never_gives(
    rubric: Path, old: str, new: str, component: str, why: str
) -> None:
    line = change(rubric / "rubric.yaml", old, new)
    told = refused(rubric)
    assert f"rubric.yaml, line {line}: " in told
    assert f"the reference gives no component {component!r}" in told
    assert why in told
    code, output = linted(rubric)
    assert code == 2
    assert "All is well" not in output


def test_keys_and_positions_do_not_mix(rubric: Path) -> None:
    change(rubric / "rubric.yaml", ".W1, b1: .b1", ".W1, b1: 0.b1")
    with pytest.raises(RubricError, match="not both"):
        load_rubric(str(rubric))


def test_labels_are_a_parameter(rubric: Path) -> None:
    line = change(rubric / "rubric.yaml", "version: 1\n", "version: 1\nlabels: Y\n")
    with pytest.raises(RubricError, match=f"line {line + 1}: 'labels' is 'Y', a parameter of no function"):
        load_rubric(str(rubric))


def test_inputs_for_one_notebook_that_stop_are_the_rubrics_fault(rubric: Path) -> None:
    line = change(
        rubric / "reference_inputs.py", "    rng = ", "    assert only is None, 'secret'\n    rng = "
    )
    plan = ready_plan(load_rubric(str(rubric)), 7)
    with pytest.raises(RubricError, match=rf"reference_inputs\.py, line {line}: AssertionError"):
        plan.fresh(b"a notebook", ["step"])


# ------------------------------------------------------------------------------- a new rubric


def new(folder: Path) -> Result:
    return CliRunner().invoke(cli, ["rubric", "new", str(folder)])


def test_a_new_rubric_passes_its_lint_and_says_what_is_next(tmp_path: Path) -> None:
    done = new(tmp_path / "course" / "week7")
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [str(tmp_path / "course" / "week7" / name) for name in starter.FILES]
    assert f"grader rubric lint {tmp_path / 'course' / 'week7'}" in done.stderr
    code, output = linted(tmp_path / "course" / "week7")
    assert (code, "warning" in output, "All is well" in output) == (0, False, True)


def test_a_new_rubric_takes_no_folder_with_something_in_it(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = new(tmp_path)
    assert (done.exit_code, "is there already, and not empty" in done.stderr) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_the_errors_of_a_new_rubric_are_proved(tmp_path: Path) -> None:
    new(tmp_path / "week7")
    wrong = starter.REFERENCE.replace("products + b", "products").replace(" ** 2) / m", " ** 2)")
    (tmp_path / "wrong.py").write_text(wrong)
    report = check(tmp_path / "wrong.py", rubric=str(tmp_path / "week7"), seed=7)
    found = [(one.misconception, one.evidence) for function in report.functions for one in function.diagnoses]
    assert found == [("bias-left-out", "proved"), ("cost-summed", "proved")]


# ------------------------------------------------------------------------------- what lint says


def test_numbers_that_are_not_finite_tell_nothing_and_lint_says_what_does(rubric: Path) -> None:
    (rubric / "misconceptions" / "overflows.yaml").write_text(OVERFLOWS)
    change(rubric / "reference.py", "return A, powers", "return A, Z")
    change(
        rubric / "reference_inputs.py",
        "    return Suite",
        '    calls.add("softmax", rng.normal(size=(3, 4)) + 1000.0)\n    return Suite',
    )
    code, output = linted(rubric)
    assert code == 2
    assert "its wrong values are NaN or infinite" in output
    assert "`decides: repair`, with `replacements`" in output


def test_a_private_format_needs_a_call_that_reads_it(rubric: Path) -> None:
    code, output = linted(rubric)
    assert (code, "no call in place reads 'cache'" in output) == (0, True)
    change(rubric / "reference_inputs.py", "CallMaker, Suite", "CallMaker, Step, Suite, result")
    reading = (
        '    placed = CallMaker(seed, "in-place-", only=only)\n'
        "    Z = rng.normal(size=(3, 4))\n"
        '    placed.add("softmax", result(0, 1), before=(Step("softmax", (Z,)),))\n'
        "    return Suite(calls.done(), placed.done())"
    )
    change(rubric / "reference_inputs.py", "    return Suite(calls.done())", reading)
    code, output = linted(rubric)
    assert (code, "no call in place reads" in output) == (0, False)
    change(rubric / "reference_inputs.py", "result(0, 1)", "result(0, 0)")
    assert "no call in place reads 'cache'" in linted(rubric)[1]


def test_a_formula_without_replacements_is_told(rubric: Path) -> None:
    path = rubric / "misconceptions" / "step-plus-sign.yaml"
    change(path, "repairs: [sign]", "repairs: [sign, formula]")
    code, output = linted(rubric)
    assert code == 0
    assert "step-plus-sign.yaml, line 8: repairs: the repair formula does nothing without" in output
    change(path, "formula]", 'formula]\nreplacements: ["{params} - {lr}"]')
    assert "does nothing" not in linted(rubric)[1]


def test_without_repairs_nothing_is_proved_which_is_told(rubric: Path) -> None:
    path = rubric / "misconceptions" / "step-plus-sign.yaml"
    assert "never proved" not in linted(rubric)[1]
    change(path, "repairs: [sign]", "repairs: []")
    code, output = linted(rubric)
    assert (code, f"{path}, line 8: repairs: there are none" in output) == (0, True)
    assert "never proved" in output
    assert "All is well" not in output
    assert "No errors, and 2 warnings" in output  # one is of the private cache
    change(path, "repairs: []", "verdict: right")
    assert "never proved" not in linted(rubric)[1]


def test_one_is_no_plural(rubric: Path) -> None:
    certificate = linted(rubric)[1]
    assert "1 misconception, 1 form\n" in certificate
    assert "step: 1 model on 3 calls, 0 pairs" in certificate
    change(rubric / "misconceptions" / "step-plus-sign.yaml", "Subtract the step.", "Subtract the step")
    assert "fix: no full stop at the end\n" in linted(rubric)[1]


def test_replacements_may_name_what_the_reference_calls_so(rubric: Path) -> None:
    path = rubric / "misconceptions" / "step-plus-sign.yaml"
    change(path, "repairs: [sign]", 'repairs: [formula]\nreplacements: ["{W1} - {lr}"]')
    assert linted(rubric)[0] == 0
    change(path, "{W1}", "{l}")
    assert "neither a parameter nor a local name of the reference" in linted(rubric)[1]


def test_the_key_for_what_has_no_forms_is_named(rubric: Path) -> None:
    path = rubric / "misconceptions" / "step-plus-sign.yaml"
    change(path, "credit: 0.5", "decides: status")
    assert "with `decides: status` there are none" in linted(rubric)[1]


# ------------------------------------------------------------------------------- the authors' tools


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("step-plus-sine", "no misconception 'step-plus-sine'; the nearest is"),
        ("step-plus-sign@b", "no form 'b'"),
        ("stops", "stops has no forms"),
    ],
)
def test_an_id_without_a_sample_is_told(
    rubric: Path, name: str, says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = SIGN.replace("credit: 0.5", "decides: status")
    head, rest = text.split("forms:")
    (rubric / "misconceptions" / "stops.yaml").write_text(head + rest[rest.index("repairs") :])
    monkeypatch.setattr(sys, "argv", ["samples", str(rubric), name])
    with pytest.raises(SystemExit) as left:
        samples.main()
    assert left.value.code == 2
    assert says in capsys.readouterr().err


def test_generate_helps_and_does_nothing_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["generate", "--help"])
    monkeypatch.setattr(generate, "generated", lambda: pytest.fail("it reads rubrics"))
    with pytest.raises(SystemExit) as left:
        generate.main()
    assert left.value.code == 0
    assert "--check" in capsys.readouterr().out


def test_a_package_for_an_lms_has_the_reference(rubric: Path) -> None:
    names = zipfile.ZipFile(io.BytesIO(build_wheel(rubric)[1])).namelist()
    assert {"reference.py", "reference_inputs.py"} <= {
        Path(name).name for name in names if "_rubrics" in name
    }
