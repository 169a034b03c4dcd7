"""How fast is a class graded: ours at several sizes, time-outs apart, and real peers on the same notebooks.

    python benchmarks/batch.py [NOTEBOOK_OR_FOLDER ...] --rubric NAME
        --count 2000        generated submissions of the main run (a right, a wrong and a broken third;
                            notebooks that run into a time limit are left out)
        --sizes 100 20000   further sizes, to see that the cost per submission is flat
        --timeouts 20       endless submissions, measured in a run of their own
        --peers             also otter run, nbgrader autograde and dlai-grader's loop, each in its own environment
        --profile           where the time of one pool process goes
        --json FILE         the numbers as JSON too

Every time is also given in units of a cold `import numpy` on this machine, so that two machines compare.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import nbformat

from grader.batch.discover import discover
from grader.batch.engine import JobSpec
from grader.batch.run import grade_many
from grader.batch.summary import RunSummary, Tally

SAMPLES = Path(__file__).parents[1] / "sample_submissions"


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: seconds of wall time in all, and what they make for one submission."""

    name: str
    count: int
    seconds: float
    peak_mb: float
    note: str = ""

    @property
    def each(self) -> float:
        return self.seconds / max(1, self.count)


class Clock:
    """A progress that notes when the first, and when the last quick, submission was done."""

    def __init__(self) -> None:
        self.began = time.perf_counter()
        self.first: float | None = None
        self.moments: list[float] = []

    def begin(self, tally: Tally) -> None:
        pass

    def update(self) -> None:
        now = time.perf_counter() - self.began
        self.first = self.first or now
        self.moments.append(now)

    def end(self) -> None:
        pass


def main() -> None:
    options = _options()
    notebooks = _sorted(_notebooks(options.paths or [SAMPLES], options.rubric), options)
    unit = cold_numpy()
    with tempfile.TemporaryDirectory(prefix="batch-") as folder:
        rows = list(_ours(options, notebooks, Path(folder)))
        if options.peers:
            from peers import measure_peers

            rows += [
                Measured(**one)
                for one in measure_peers(notebooks.both[: options.peer_count], Path(options.environments))
            ]
    print(table(rows, unit))
    if options.json:
        Path(options.json).write_text(
            json.dumps({"numpy": unit, "rows": [asdict(row) for row in rows]}, indent=2)
        )
    if options.profile:
        profile(notebooks, _spec(options))


def cold_numpy(times: int = 7) -> float:
    """Seconds of `python -c "import numpy"` beyond an empty start: the smallest of several."""
    return min(_seconds("import numpy") for _ in range(times)) - min(_seconds("pass") for _ in range(times))


def table(rows: Sequence[Measured], unit: float) -> str:
    """All runs as a Markdown table; the ratio to ours is of the time for one submission."""
    ours = rows[0].each
    head = [
        f"cold import numpy: {unit * 1000:.0f} ms; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores",
        "",
        "| run | submissions | seconds | ms each | × numpy | × ours | parent MB | note |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    return "\n".join([*head, *(_line(row, unit, ours) for row in rows)])


@dataclass(frozen=True, slots=True)
class Notebooks:
    """Those with full marks, and those without; none that runs into a time limit."""

    right: Sequence[bytes]
    wrong: Sequence[bytes]

    @property
    def both(self) -> list[bytes]:
        """One of each in turn, all of the longer list."""
        count = max(len(self.right), len(self.wrong))
        return [some[i % len(some)] for i in range(count) for some in (self.right, self.wrong)]


def generate(notebooks: Notebooks, folder: Path, count: int, seed: int = 1) -> None:
    """`count` submissions, no two alike: right, wrong, and broken in one of five ways, in turn."""
    rng = random.Random(seed)
    both = notebooks.both
    folder.mkdir(parents=True)
    for number in range(count):
        turn, kind = divmod(number, 3)
        data = _signed(both[(2 * turn + kind % 2) % len(both)], number)
        broken = kind == 2
        (folder / f"s{number:06}.ipynb").write_bytes(_break(data, rng.randrange(5)) if broken else data)


def generate_timeouts(notebooks: Sequence[bytes], folder: Path, quick: int, endless: int) -> None:
    """Quick submissions and, spread among them, some whose first function never returns."""
    folder.mkdir(parents=True)
    for number in range(quick):
        (folder / f"q{number:06}.ipynb").write_bytes(_signed(notebooks[number % len(notebooks)], number))
    for number in range(endless):
        place = number * quick // max(1, endless)
        (folder / f"q{place:06}-endless{number}.ipynb").write_bytes(
            _endless(notebooks[number % len(notebooks)])
        )


def profile(notebooks: Notebooks, spec: JobSpec, count: int = 300) -> None:
    """Where the time of one pool process goes, by module, most first (in this process, one after another)."""
    import cProfile
    import pstats

    from grader.batch.engine import Task, policy
    from grader.batch.work import grade_here, set_up
    from grader.pipeline import make_grader

    with tempfile.TemporaryDirectory() as text:
        folder, out = Path(text) / "class", Path(text) / "out"
        generate(notebooks, folder, count)
        (out / ".grader" / "tmp").mkdir(parents=True)
        bench = set_up(spec, make_grader)
        rules = policy(bench.template, spec)
        profiler = cProfile.Profile()
        for one in discover([folder]).submissions:
            profiler.runcall(grade_here, bench, Task(one, rules), out)
        bench.close()
    _print_profile(pstats.Stats(profiler), count)


# --------------------------------------------------------------------------------------------- ours


def _ours(options: argparse.Namespace, notebooks: Notebooks, folder: Path) -> Iterator[Measured]:
    spec = _spec(options)
    for count in [options.count, *options.sizes]:
        generate(notebooks, folder / f"class{count}", count)
        yield _run(
            f"whywrong, {options.tier}", spec, folder / f"class{count}", folder / f"out{count}", options.jobs
        )
    generate(notebooks, folder / "one", 1)
    yield _run("whywrong, start-up", spec, folder / "one", folder / "out-one", options.jobs)
    if options.timeouts:
        yield _timeouts(options, notebooks.both, folder, spec)


def _run(name: str, spec: JobSpec, folder: Path, out: Path, jobs: int) -> Measured:
    count = sum(1 for _ in folder.iterdir())
    began = time.perf_counter()
    clock = Clock()
    summary = _grade(spec, folder, out, jobs, clock)
    seconds = time.perf_counter() - began
    shutil.rmtree(out)
    note = f"first after {clock.first or 0:.2f} s; {summary.passed} passed, {summary.failed} failed, {summary.ungradable} ungradable"
    return Measured(name, count, seconds, _peak(), note)


def _timeouts(
    options: argparse.Namespace, notebooks: Sequence[bytes], folder: Path, spec: JobSpec
) -> Measured:
    generate_timeouts(notebooks, folder / "slow", 10 * options.timeouts, options.timeouts)
    clock = Clock()
    began = time.perf_counter()
    _grade(spec, folder / "slow", folder / "out-slow", options.jobs, clock)
    seconds = time.perf_counter() - began
    gap = max(after - before for before, after in zip([0.0, *clock.moments], clock.moments, strict=False))
    return Measured(
        "whywrong, time-outs", options.timeouts, seconds, _peak(),
        f"beside {10 * options.timeouts} quick ones; longest wait between two results {gap:.2f} s",
    )  # fmt: skip


def _grade(spec: JobSpec, folder: Path, out: Path, jobs: int, clock: Clock) -> RunSummary:
    return grade_many(spec, [folder], out, jobs=jobs, identity="none", progress=clock)


def _peak() -> float:
    """The parent's peak memory; the pool processes are not counted."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _spec(options: argparse.Namespace) -> JobSpec:
    return JobSpec(rubric=options.rubric, seed=1, tier=options.tier, unsafe=options.tier == "none")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", nargs="*", type=Path)
    parser.add_argument("--rubric", default="dnn-step-by-step")
    parser.add_argument("--tier", choices=("strong", "seccomp", "none"), default="strong")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--sizes", type=int, nargs="*", default=[100])
    parser.add_argument("--timeouts", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--peer-count", type=int, default=6)
    parser.add_argument("--environments", default=os.path.expanduser("~/.cache/whywrong-peers"))
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--json")
    return parser.parse_args()


# ---------------------------------------------------------------------------------------- notebooks


def _notebooks(paths: Sequence[Path], rubric: str | None) -> list[bytes]:
    """The readable notebooks under the paths; of the shipped samples those of the rubric, where they have a folder."""
    given = [path / rubric if rubric and (path / rubric).is_dir() else path for path in paths]
    found = [
        Path(one.source.path)
        for one in discover(given, identity="none").submissions
        if not one.source.members
    ]
    readable = [data for path in found if path.suffix == ".ipynb" and _is_notebook(data := path.read_bytes())]
    if not readable:
        sys.exit(f"there is no notebook under {', '.join(map(str, given))}")
    return readable


def _sorted(notebooks: Sequence[bytes], options: argparse.Namespace) -> Notebooks:
    """The notebooks by what a first grading says of them."""
    from grader.pipeline import make_grader

    right, wrong = [], []
    with closing(make_grader(_spec(options))) as grader:
        for number, data in enumerate(notebooks):
            report = grader.grade(data, f"{number}.ipynb", str(number), None)
            if report.score == report.max_score:
                right.append(data)
            elif all(function.status != "timeout" for function in report.functions):
                wrong.append(data)
    if not right or not wrong:
        sys.exit("name notebooks of both kinds: with full marks, and without")
    return Notebooks(right, wrong)


def _is_notebook(data: bytes) -> bool:
    try:
        return isinstance(json.loads(data).get("cells"), list)
    except (ValueError, AttributeError):
        return False


def _signed(data: bytes, number: int) -> bytes:
    """The notebook with a cell of its own, so that no two submissions have the same bytes."""
    notebook = json.loads(data)
    cell = nbformat.v4.new_markdown_cell(f"Handed in by student {number}.")
    cell.pop("id", None)
    notebook["cells"] = [*notebook["cells"], cell]
    return json.dumps(notebook).encode()


def _break(data: bytes, way: int) -> bytes:
    """Cut off, empty, not JSON, a syntax error in a code cell, or all code gone."""
    if way < 3:
        return (data[: len(data) // 2], b"", b"%PDF-1.4 no notebook")[way]
    notebook = json.loads(data)
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for cell in code if way == 4 else code[len(code) // 2 :][:1]:
        cell["source"] = "" if way == 4 else "def broken(:\n" + "".join(cell["source"])
    return json.dumps(notebook).encode()


def _endless(data: bytes) -> bytes:
    """The first function of the notebook loops for ever instead of returning."""
    notebook: dict[str, Any] = json.loads(data)
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code" and "\n    return" in source:
            cell["source"] = source.replace("\n    return", "\n    while True:\n        pass\n    return", 1)
            break
    return json.dumps(notebook).encode()


# ------------------------------------------------------------------------------------------ printing


def _line(row: Measured, unit: float, ours: float) -> str:
    memory = f"{row.peak_mb:.0f}" if row.peak_mb else ""
    return (
        f"| {row.name} | {row.count} | {row.seconds:.2f} | {row.each * 1000:.2f} | {row.each / unit:.3f} "
        f"| {row.each / ours:.1f} | {memory} | {row.note} |"
    )


def _print_profile(stats: Any, count: int) -> None:
    by_module: dict[str, float] = {}
    for (file, _, name), (_, _, own, _, _) in stats.stats.items():
        place = Path(file).as_posix().partition("/grader/")[2] or (name if file == "~" else Path(file).name)
        by_module[place] = by_module.get(place, 0.0) + own
    total = sum(by_module.values())
    print(f"\n{total / count * 1000:.2f} ms a submission under the profiler, own time by module:")
    for place, own in sorted(by_module.items(), key=lambda item: -item[1])[:25]:
        print(f"{own / total:7.1%}  {place}")


def _seconds(code: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
