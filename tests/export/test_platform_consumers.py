"""Our files read by the platforms' own software (make test-platforms)."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from export_samples import ALL, everything, hostile, perfect, stored

from grader.export import MemorySink, Options, exporter
from grader.export.coursera import files as coursera_files
from grader.export.edx import reply
from grader.export.gradescope import results as gradescope
from grader.export.scores import strict_json
from grader.model import Report

pytestmark = pytest.mark.platform


def run(name: str, *reports: Report, **options: Any) -> MemorySink:
    sink = MemorySink()
    stored_reports = [stored(one) for one in reports]
    exporter(name).export(stored_reports, sink, Options(**options))
    return sink


# -------------------------------------------------------------------------------------- Gradescope


@pytest.mark.parametrize("report", ALL)
def test_gslocal_shows_our_results(
    report: Report, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gslocal = pytest.importorskip("gslocal.results")
    path = tmp_path / "results.json"
    path.write_bytes(strict_json(gradescope(report)))
    gslocal.format_results(path)
    shown = capsys.readouterr().out
    assert f"{report.score:.2f}" in shown.partition("Score:")[2] or report.status == "ungradable"
    assert "Failed to parse" not in shown


def test_gradescope_utils_writes_no_field_that_we_spell_differently(tmp_path: Path) -> None:
    """Every field that Gradescope's own library writes has the same name and type in ours."""
    pytest.importorskip("gradescope_utils")
    program = (
        "import unittest, sys\n"
        "from gradescope_utils.autograder_utils.decorators import weight, number, tags\n"
        "from gradescope_utils.autograder_utils.json_test_runner import JSONTestRunner\n"
        "class T(unittest.TestCase):\n"
        "    @weight(2)\n    @number('1')\n    @tags('a')\n    def test_x(self):\n        'X'\n        self.fail('no')\n"
        "with open(sys.argv[1], 'w') as file:\n"
        "    JSONTestRunner(stream=file, visibility='visible', stdout_visibility='hidden').run("
        "unittest.defaultTestLoader.loadTestsFromTestCase(T))\n"
    )
    path = tmp_path / "theirs.json"
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, str(path)], check=True, capture_output=True
    )
    theirs, ours = json.loads(path.read_text()), gradescope(everything())
    assert set(theirs) - {"leaderboard"} <= set(ours)
    assert set(theirs["tests"][0]) - {"output_format"} <= set(ours["tests"][0])
    for key, value in theirs["tests"][0].items():
        if key in ours["tests"][0] and not isinstance(value, float | int):
            assert type(ours["tests"][0][key]) is type(value)


# ---------------------------------------------------------------------------------------- Coursera


class FakeDocker:
    """A container that ends with 0 and holds these files in /shared."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files

    def start(self, container: str) -> None: ...

    def wait(self, container: str, timeout: int) -> int:
        return 0

    def get_archive(self, container: str, path: str) -> tuple[list[bytes], None]:
        buffer = io.BytesIO()
        name = path.rpartition("/")[2]
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            info = tarfile.TarInfo(name)
            info.size = len(self._files[name])
            archive.addfile(info, io.BytesIO(self._files[name]))
        return [buffer.getvalue()], None

    def logs(self, container: str, stdout: bool, stderr: bool) -> bytes:
        return b""

    def remove_container(self, container: str) -> None: ...


def coursera_accepts(files: dict[str, bytes], folder: Path) -> bool:
    grade = pytest.importorskip("coursera_autograder.commands.grade")
    try:
        grade.run_container(
            FakeDocker(files), "c", SimpleNamespace(timeout=1, dst_dir=str(folder), no_rm=False)
        )
    except SystemExit:
        return False
    return True


@pytest.mark.parametrize("report", ALL)
def test_coursera_s_own_tool_accepts_our_feedback(report: Report, tmp_path: Path) -> None:
    assert coursera_accepts(coursera_files(report), tmp_path)


def test_coursera_s_own_tool_can_refuse(tmp_path: Path) -> None:
    assert not coursera_accepts({"feedback.json": b'{"fractionalScore": 1.2, "feedback": ""}'}, tmp_path)


# -------------------------------------------------------------------------------------- JUnit, SARIF


def test_junitparser_reads_our_file(tmp_path: Path) -> None:
    junitparser = pytest.importorskip("junitparser")
    path = tmp_path / "junit.xml"
    path.write_bytes(run("junit", *ALL).files["junit.xml"])
    suites = list(junitparser.JUnitXml.fromfile(str(path)))
    assert [suite.tests for suite in suites] == [8, 2, 1, 2]
    first = {case.name: [type(one).__name__ for one in case.result] for case in suites[0]}
    assert first["linear_backward"] == ["Failure"]
    assert first["L_model_backward"] == ["Error"]
    assert first["linear_forward"] == []


def test_lxml_takes_our_junit_and_edx_texts() -> None:
    etree = pytest.importorskip("lxml.etree")
    etree.fromstring(run("junit", *ALL).files["junit.xml"])
    for report in ALL:
        assert etree.fromstring(reply(report, detail="fix")["msg"]).tag == "div"


def test_sarif_tools_counts_our_results(tmp_path: Path) -> None:
    loader = pytest.importorskip("sarif.loader")
    path = tmp_path / "results.sarif"
    path.write_bytes(run("sarif", *ALL).files["results.sarif"])
    found = loader.load_sarif_files(str(path))
    counts = found.get_report().get_issue_type_histogram_for_severity("error")
    assert counts.get("missing-1-over-m missing-1-over-m") or any("missing-1-over-m" in key for key in counts)
    assert found.get_result_count() == len(json.loads(path.read_bytes())["runs"][0]["results"])


def test_sarif_pydantic_s_model_of_the_schema_takes_our_file() -> None:
    sarif = pytest.importorskip("sarif_pydantic")
    data = json.loads(run("sarif", *ALL).files["results.sarif"])
    assert len(sarif.Sarif.model_validate(data).runs[0].results) == len(data["runs"][0]["results"])
    data["runs"][0]["results"][0]["level"] = "fatal"
    with pytest.raises(ValueError, match="level"):
        sarif.Sarif.model_validate(data)


# ---------------------------------------------------------------------------------------- nbgrader


def nbgrader_book(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    api = pytest.importorskip("nbgrader.api")
    # It calls the program alembic, which lies beside this Python, to make a new gradebook.
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    with api.Gradebook(f"sqlite:///{path}") as book:
        book.add_assignment("week4")
        book.add_notebook("week4", "week4")
        for name in ("linear_backward", "test-linear-forward", "written-answer"):
            book.add_grade_cell(name, "week4", "week4", max_score=4, cell_type="code")
        book.add_solution_cell("linear_backward_solution", "week4", "week4")
        for student in ("ada", "bob", "eve"):
            book.add_student(student)
        book.add_submission("week4", "eve")
        grade = book.find_grade("linear_backward", "week4", "week4", "eve")
        grade.manual_score = 1.5
        book.db.commit()


@pytest.mark.filterwarnings(
    "ignore:Object of type .* not in session"
)  # nbgrader's own, where the test makes a book
def test_nbgrader_s_gradebook_is_filled_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    api = pytest.importorskip("nbgrader.api")
    nbgrader_book(tmp_path / "gradebook.db", monkeypatch)
    before = (tmp_path / "gradebook.db").read_bytes()
    reports = [
        everything("ada", "week4.ipynb"), perfect("eve", "week4.ipynb"), perfect("nobody", "week4.ipynb"), hostile(),
    ]  # fmt: skip
    sink = run("nbgrader", *reports, gradebook=tmp_path / "gradebook.db", assignment="week4")
    assert (tmp_path / "gradebook.db").read_bytes() == before
    assert len(sink.skipped) == 2
    (tmp_path / "filled.db").write_bytes(sink.files["gradebook.db"])
    with api.Gradebook(f"sqlite:///{tmp_path / 'filled.db'}") as book:
        assert book.find_grade("linear_backward", "week4", "week4", "ada").auto_score == pytest.approx(1.6)
        assert book.find_grade("test-linear-forward", "week4", "week4", "ada").auto_score == 4
        assert book.find_grade("written-answer", "week4", "week4", "ada").auto_score is None
        assert (
            book.find_grade("linear_backward", "week4", "week4", "eve").score == 1.5
        )  # a person's score stays
        comment = book.find_comment("linear_backward_solution", "week4", "week4", "ada").comment
        assert "summed over the batch" in comment
        assert book.find_submission("week4", "ada").score == pytest.approx(5.6)


def test_nbgrader_finds_our_feedback_pages_where_it_looks() -> None:
    names = set(run("nbgrader", everything("ada", "x/week4.ipynb"), assignment="week4").files)
    assert names == {"grades.csv", "feedback/ada/week4/week4.html"}


def test_our_csv_has_the_columns_of_nbgrader_s_own() -> None:
    plugin = pytest.importorskip("nbgrader.plugins.export")
    import inspect

    source = inspect.getsource(plugin.CsvExportPlugin)
    for column in run("nbgrader", everything()).files["grades.csv"].decode().splitlines()[0].split(","):
        assert f'"{column}"' in source


# ---------------------------------------------------------------------------------------- Open edX

_EDX = r"""
import json, sys
import django
from django.conf import settings

settings.configure(
    SECRET_KEY="x", USE_TZ=True, ROOT_URLCONF="submissions.urls", DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "submissions"],
)
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.contrib.auth.models import AnonymousUser, Group, User
from rest_framework.test import APIRequestFactory, force_authenticate
from submissions import api
from submissions.models import ExternalGraderDetail
from submissions.views.xqueue import XQueueViewSet

user = User.objects.create_user("grader", password="x")
user.groups.add(Group.objects.create(name="xqueue"))
item = dict(student_id="s", course_id="c", item_id="i", item_type="problem")
api.create_external_grader_detail(item, "answer", queue_name="q", queue_key="k", points_possible=20)
factory = APIRequestFactory()

def call(request, action):
    force_authenticate(request, user=user)
    return XQueueViewSet.as_view({request.method.lower(): action})(request).data

content = json.loads(call(factory.get("/", {"queue_name": "q"}), "get_submission")["content"])
body = sys.stdin.read()
answer = call(factory.post("/", {"xqueue_header": content["xqueue_header"], "xqueue_body": body}, format="json"), "put_result")
score = api.get_score(item)
print(json.dumps({"answer": answer, "status": ExternalGraderDetail.objects.get().status, "score": score}, default=str))
"""


@pytest.mark.parametrize(("report", "points"), [(everything(), 5), (perfect(), 20), (hostile(), 4)])
def test_edx_records_our_reply(report: Report, points: int) -> None:
    pytest.importorskip("submissions")
    env = {key: value for key, value in os.environ.items() if not key.startswith("DJANGO")}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _EDX], input=strict_json(reply(report)), capture_output=True, env=env,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()[-2_000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["answer"]["return_code"] == 0
    assert said["status"] == "retired"
    assert said["score"]["points_earned"] == points


# --------------------------------------------------------------------------------------- INGInious


def test_inginious_s_own_api_reads_our_feedback(tmp_path: Path) -> None:
    """Its package pins what others need newer, so it is looked for beside them: INGINIOUS_API names its folder."""
    folder = os.environ.get("INGINIOUS_API")
    if not folder:
        pytest.skip("INGINIOUS_API does not name the folder that holds inginious_container_api")
    sink = run("inginious", everything())
    (tmp_path / "__feedback.json").write_bytes(sink.files["ada/__feedback.json"])
    program = (
        "import builtins, sys; sys.path.insert(0, sys.argv[1])\n"
        "import inginious_container_api; inginious_container_api.DEBUG = True\n"
        "from inginious_container_api import feedback, rst\n"
        "import json; feedback.set_tag('extra', True); print(json.dumps(feedback.get_feedback()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, folder], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    data = json.loads(done.stdout)
    assert (data["result"], data["grade"]) == ("failed", 25)
    assert data["tests"] == {"missing-1-over-m": True, "init-scale-other": True, "extra": True}


def test_docutils_takes_our_restructuredtext() -> None:
    core = pytest.importorskip("docutils.core")
    from docutils.writers import get_writer_class

    for report in ALL:
        text = json.loads(next(iter(run("inginious", report, detail="fix").files.values())))["text"]
        settings = {"halt_level": 2, "report_level": 2, "raw_enabled": False, "file_insertion_enabled": False}
        html = core.publish_parts(text, writer=get_writer_class("html5")(), settings_overrides=settings)[
            "body"
        ]
        assert "<script>" not in html


# --------------------------------------------------------------------------------------- CodeGrade


def test_codegrade_s_own_reporter_writes_the_same_shape(tmp_path: Path) -> None:
    pytest.importorskip("cg_pytest_reporter")
    (tmp_path / "test_x.py").write_text(
        "import pytest\n"
        "def test_a(): pass\n"
        "@pytest.mark.cg_weight(2)\n@pytest.mark.cg_description('x')\n@pytest.mark.cg_reason('y')\n"
        "def test_b(): assert False\n"
    )
    env = os.environ | {"PYTEST_ADDOPTS": ""}
    env.pop("CG_ATV2", None)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)], capture_output=True, env=env,
        cwd=tmp_path, check=False,
    )  # fmt: skip
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith(b'{"tag"')]
    theirs = [json.loads(line) for line in lines]  # a line for each test, then the points
    ours = [
        json.loads(line) for line in run("codegrade", everything()).files["ada/autotest.jsonl"].splitlines()
    ]
    assert {one["tag"] for one in theirs} == {one["tag"] for one in ours} == {"unit-test", "points"}
    their_suites, our_suites = _suites(theirs), _suites(ours)
    assert set(our_suites[0]) - set(their_suites[0]) <= {"weight"}  # theirs has it where a test sets it
    their_cases, our_cases = _cases(their_suites), _cases(our_suites)
    assert {case["status"] for case in their_cases} == {case["status"] for case in our_cases}
    assert {key for case in our_cases for key in case} <= {key for case in their_cases for key in case}
    points = [one["points"] for one in (*theirs, *ours) if one["tag"] == "points"]
    assert all("/" in one for one in points)


def _suites(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [suite for line in lines if line["tag"] == "unit-test" for suite in line["results"]]


def _cases(suites: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [case for suite in suites for case in suite["testCases"]]
