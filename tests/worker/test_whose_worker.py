"""Which worker runs what: one parses for all, another runs for one student, and for how long."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import worker_samples as samples
from worker_samples import call, helper

from grader.model import Program, RepairRequest, Search
from grader.worker import sandbox as sandbox_module
from grader.worker.handle import Worker
from grader.worker.sandbox import Sandbox

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the zygote is Linux's")


@pytest.fixture
def spawned(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> list[Worker]:
    """The workers that are started during a test."""
    workers: list[Worker] = []
    spawn = sandbox._source.spawn

    def counted() -> Worker:
        workers.append(spawn())
        return workers[-1]

    sandbox._end_parser()
    sandbox._end_runner()
    monkeypatch.setattr(sandbox._source, "spawn", counted)
    return workers


_PID = "import os\ndef f():\n    return os.getpid()"


def test_one_worker_parses_for_all_and_runs_for_none(sandbox: Sandbox, spawned: list[Worker]) -> None:
    sandbox.extract([], ["f"], [])
    sandbox.propose((), RepairRequest("f", ()))
    sandbox.extract([], ["f"], [])
    assert len(spawned) == 1
    sandbox.run(samples.program(_PID), [call("f")], helper)
    assert len(spawned) == 2
    sandbox.extract([], ["f"], [])
    assert len(spawned) == 2


def test_a_worker_runs_several_programs_of_one_student(sandbox: Sandbox, spawned: list[Worker]) -> None:
    whole = samples.program(_PID)
    changed = replace(whole.definitions[1], source="def f():\n    return 1 + os.getpid()")
    variant = Program((whole.definitions[0], changed))
    first = sandbox.run(whole, [call("f")], helper)[0].value
    second = sandbox.run(variant, [replace(call("f"), id="another")], helper)[0].value
    assert second == first + 1
    assert len(spawned) == 1


def test_a_worker_gets_no_call_twice_and_no_public_call_after_hidden_ones(
    sandbox: Sandbox, spawned: list[Worker]
) -> None:
    """What it keeps of the first time must not answer the second, nor be told in public."""
    source = """
        import sys
        def f():
            sys.__dict__.setdefault("kept", []).append(1)
            return len(sys.kept)
    """
    program = samples.program(source)
    calls = [call("f"), call("f"), replace(call("f"), id="new"), replace(call("f"), id="open", public=True)]
    assert [sandbox.run(program, [one], helper)[0].value for one in calls] == [1, 1, 2, 1]
    assert len(spawned) == 3


def test_a_worker_runs_for_one_student_only(sandbox: Sandbox, spawned: list[Worker]) -> None:
    """Even where two students have handed in the same."""
    for _ in range(2):
        sandbox.run(samples.program(_PID), [call("f")], helper)
    assert len(spawned) == 2
    whole = samples.program(_PID)
    sandbox.run(whole, [call("f")], helper)
    sandbox.extract([], ["f"], [])
    sandbox.run(whole, [call("f")], helper)
    assert len(spawned) == 5


def explored(sandbox: Sandbox, program: Program) -> object:
    def search() -> Search[object]:
        return (yield program, [call("f")])[0].value

    return sandbox.explore(search(), helper)


def test_a_search_goes_on_in_the_worker_of_its_student(sandbox: Sandbox, spawned: list[Worker]) -> None:
    whole = samples.program(_PID)
    assert explored(sandbox, whole) == sandbox.run(whole, [replace(call("f"), id="new")], helper)[0].value
    assert len(spawned) == 1
    explored(sandbox, whole)
    assert len(spawned) == 1


def test_a_search_never_runs_where_another_function_could_ask_for_help(
    sandbox: Sandbox, spawned: list[Worker]
) -> None:
    """What another function may have learnt of these calls, code that a search mends could tell."""
    whole = samples.program(f"{_PID}\ndef g():\n    return 1")
    sandbox.run(whole, [replace(call("f", bind=("sigmoid",)), id="own")], helper)
    explored(sandbox, whole)
    assert len(spawned) == 1
    sandbox.run(whole, [replace(call("g", bind=("sigmoid",)), id="another's")], helper)
    explored(sandbox, whole)
    assert len(spawned) == 2


def test_a_search_never_runs_in_the_worker_of_another_student(
    sandbox: Sandbox, spawned: list[Worker]
) -> None:
    one, other = samples.program(_PID), samples.program(_PID)
    sandbox.run(one, [call("f")], helper)
    explored(sandbox, other)
    assert len(spawned) == 2
    sandbox.run(one, [replace(call("f"), id="new")], helper)
    assert len(spawned) == 3, "what the first student's worker knew is forgotten"


def test_a_worker_that_broke_meanwhile_is_replaced(sandbox: Sandbox, spawned: list[Worker]) -> None:
    source = """
        import os, signal
        def f():
            signal.signal(signal.SIGPROF, lambda *args: os._exit(0))
            return 1
        def g():
            os.closerange(0, 100)
            return 2
    """
    program = samples.program(source)
    assert [item.status for item in sandbox.run(program, [call("f"), call("g")], helper)] == [
        "value",
        "crashed",
    ]
    assert sandbox.run(program, [call("f")], helper)[0].value == 1
    assert sandbox._runner is not None
    os.write(sandbox._runner.channel.stream.requests, b"x" * 100)  # type: ignore[attr-defined]
    time.sleep(0.2)
    assert sandbox.run(program, [replace(call("f"), id="later")], helper)[0].value == 1


def test_the_parser_is_renewed(
    sandbox: Sandbox, spawned: list[Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox_module, "_MOST_PARSED", 3)
    for _ in range(7):
        sandbox.extract([], ["f"], [])
    assert len(spawned) == 3


def test_a_parser_that_died_meanwhile_costs_the_next_submission_nothing(
    sandbox: Sandbox, spawned: list[Worker]
) -> None:
    sandbox.extract([], ["f"], [])
    assert sandbox._parser is not None
    os.write(sandbox._parser.channel.stream.requests, b"x" * 100)  # type: ignore[attr-defined]
    time.sleep(0.2)
    assert sandbox.extract([], ["f"], []).problems == ()
    assert len(spawned) == 2


def test_the_clean_environment_and_folders(tmp_path: Path) -> None:
    """A student's `random.py` in the current folder is not ours, nor is what PYTHONPATH names."""
    (tmp_path / "random.py").write_text("raise SystemExit('the wrong random')")
    (tmp_path / "sitecustomize.py").write_text("raise SystemExit('the wrong site')")
    boot = (
        f"import sys, random; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from worker_samples import call, one\n"
        "from grader.worker.sandbox import Sandbox\n"
        "import os; os.chdir(sys.argv[1]); os.environ['PYTHONPATH'] = sys.argv[1]\n"
        "with Sandbox.start('none') as sandbox:\n"
        "    print(one(sandbox, 'import random\\ndef f(): return random.randint(3, 3)', call('f')).value)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", boot, str(tmp_path)], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.stdout, done.stderr) == ("3\n", "")
