"""A whole class from paths to a finished folder: the one entry point for the command line and programs."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from grader.batch.changed import changed_since
from grader.batch.discover import discover, shard
from grader.batch.engine import Done, Engine, GraderLike, JobSpec, MakeGrader, Task, policy
from grader.batch.found import Found
from grader.batch.gradebook import Counted, RunFacts, count_rows, grades_csv, run_json
from grader.batch.identities import Known, identities
from grader.batch.ledger import Ledger, Place, places, rows
from grader.batch.pool import LocalPool, cores
from grader.batch.progress import Progress, Silent
from grader.batch.roster import read_roster
from grader.batch.store import Folder, Shard, write_submission, writing
from grader.batch.summary import RunSummary, Tally
from grader.batch.walk import STATE_FOLDER, is_zip
from grader.errors import UsageError
from grader.model import Report
from grader.rubric.detail import DEEPEST, allowed, most_detail

EngineName = Literal["local", "dask"]


@dataclass(frozen=True, slots=True)
class Options:
    """How to run, besides what to grade with."""

    jobs: int | None = None
    engine: EngineName = "local"
    scheduler: str | None = None
    resume: bool = True
    force: bool = False
    shard: Shard = field(default_factory=Shard)
    identity: str | None = None
    roster: Path | None = None
    dry_run: bool = False


def grade_many(
    spec: JobSpec,
    paths: Sequence[str | Path],
    out: str | Path,
    *,
    jobs: int | None = None,
    engine: EngineName = "local",
    scheduler: str | None = None,
    resume: bool = True,
    force: bool = False,
    shard: Shard | str | None = None,
    html: bool = False,
    identity: str | None = None,
    roster: str | Path | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
    make_grader: MakeGrader | None = None,
) -> RunSummary:
    """Grade everything under `paths` into the folder `out` and say how it went.

    What an earlier run finished (same content, rubric, seed, version) is kept unless `force` is set or
    `resume` is not. Without `spec.seed` the folder's own seed is used, or drawn once. `dry_run` finds and
    names, and touches nothing. Raises UsageError, CannotGrade (the grader itself cannot work: what is
    done stays done), and passes KeyboardInterrupt on after a clean end.
    """
    check_settings(spec.seed, jobs, engine, scheduler, shard)
    options = Options(
        jobs,
        engine,
        scheduler,
        resume,
        force,
        parse_shard(shard),
        identity,
        Path(roster) if roster else None,
        dry_run,
    )
    run = _Run(replace(spec, html=spec.html or html), Path(out), options, progress or Silent())
    if dry_run:
        return run.rehearse(paths)
    return run.perform(paths, make_grader or make_pipeline)


def parse_shard(text: Shard | str | None) -> Shard:
    """`2/8` as a Shard. UsageError for what is none."""
    if not isinstance(text, str):
        return text or Shard()
    index, _, count = text.partition("/")
    if not (index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count)):
        raise UsageError(f"--shard {text!r} is not i/n with 1 ≤ i ≤ n, such as 1/8 for the first of eight.")
    return Shard(int(index), int(count))


class _Run:
    """One run's fixed surroundings; the methods are its stages in order."""

    def __init__(self, spec: JobSpec, out: Path, options: Options, progress: Progress) -> None:
        self._spec = spec
        self._out = out
        self._options = options
        self._progress = progress
        self._most: str = DEEPEST
        self._began = time.monotonic()
        self._started = datetime.now(UTC).isoformat(timespec="seconds")

    def rehearse(self, paths: Sequence[str | Path]) -> RunSummary:
        """What would be graded, under which names."""
        state = self._out / STATE_FOLDER
        found = self._mine(self._discover(paths, places(state) if state.is_dir() else {}))
        summary = self._summary(found, Tally(len(found.submissions)), 0, Counted())
        return replace(summary, dry_run=True)

    def perform(self, paths: Sequence[str | Path], make_grader: MakeGrader) -> RunSummary:
        """Find, grade, write down."""
        with ExitStack() as stack:
            # Found before the folder is made: a mistyped path leaves no trace.
            first = None if self._out.exists() else self._discover(paths, {})
            folder = Folder(self._out, self._options.shard)
            stack.callback(folder.close)
            folder.open()
            known = places(folder.state)
            found = first or self._discover(paths, known)
            self._spec = replace(self._spec, seed=folder.seed(self._spec.seed))
            engine = self._engine(make_grader, len(found.submissions))
            stack.callback(engine.close)
            template = engine.start()
            folder.claim(template.rubric)
            self._most = most_detail(self._spec.rubric or template.rubric.id)
            self._spec = replace(self._spec, detail=allowed(self._spec.detail, self._most))
            return self._grade(engine, template, folder, found, known)

    def _grade(
        self, engine: Engine, template: Report, folder: Folder, found: Found, known: Mapping[str, Place]
    ) -> RunSummary:
        mine = self._mine(found)
        tally = Tally(len(mine.submissions), changed=self._changed(template, known, found))
        self._progress.begin(tally)
        interrupted = True
        try:
            with Ledger(folder.state / f"ledger{self._options.shard.tag}.jsonl") as ledger:
                self._loop(engine.run(self._tasks(mine, template, known)), ledger, tally)
            interrupted = False
        finally:
            with _undisturbed():
                self._progress.end()
                if interrupted:
                    engine.close()
                summary = self._finish(folder, template, found, tally, interrupted=interrupted)
        return summary

    def _changed(self, template: Report, known: Mapping[str, Place], found: Found) -> str:
        """Why what the folder has is graded anew, where nobody asked for that; and how much of it is not."""
        if not known or not self._trusts:
            return ""
        others = _live(known, found)[0].keys() - {one.id for one in found.submissions}
        return changed_since(self._out, template, self._spec, len(others))

    @property
    def _trusts(self) -> bool:
        return self._options.resume and not self._options.force

    def _loop(self, results: Iterable[Done], ledger: Ledger, tally: Tally) -> None:
        for done in results:
            if done.files:
                write_submission(self._out, done.task.submission.id, done.files)
            ledger.append(done)
            tally.add(done)
            self._progress.update()

    def _tasks(self, found: Found, template: Report, known: Mapping[str, Place]) -> Iterator[Task]:
        rules = policy(template, self._spec)
        for one in found.submissions:
            place = known.get(one.id) if self._trusts else None
            yield Task(one, rules, place.key if place else None)

    def _finish(
        self, folder: Folder, template: Report, found: Found, tally: Tally, *, interrupted: bool
    ) -> RunSummary:
        """Write grades.csv and run.json over everything that the folder holds."""
        functions = [function.name for function in template.functions]
        with folder.merging():
            live, gone = _live(places(folder.state), found)
            counted = count_rows(rows(live))
            folder.write("grades.csv", grades_csv(lambda: rows(live), functions))
            known = identities(self._out, found.submissions, live.keys())
            facts = self._facts(template, found, tally, counted.outcomes, interrupted, gone, known)
            _write_run(folder, facts)
        return replace(self._summary(self._mine(found), tally, len(live), counted), gone=tuple(gone))

    def _facts(
        self,
        template: Report,
        found: Found,
        tally: Tally,
        outcomes: Mapping[str, int],
        interrupted: bool,
        gone: Sequence[str],
        known: Mapping[str, Known],
    ) -> RunFacts:
        return RunFacts(
            spec=self._spec,
            most_detail=self._most,
            template=template,
            found=found,
            tally=tally,
            outcomes=outcomes,
            engine=self._options.engine,
            jobs=self._jobs(len(found.submissions)),
            shard=self._options.shard,
            started=self._started,
            seconds=time.monotonic() - self._began,
            interrupted=interrupted,
            gone=gone,
            identities=known,
        )

    def _summary(self, found: Found, tally: Tally, count: int, counted: Counted) -> RunSummary:
        outcomes = counted.outcomes
        return RunSummary(
            out=os.fspath(self._out),
            found=found,
            graded=tally.outcomes.total(),
            kept=tally.kept,
            rows=count,
            passed=outcomes["passed"],
            failed=outcomes["failed"],
            ungradable=outcomes["ungradable"],
            misconceptions=tuple(counted.misconceptions.most_common()),
            internal_errors=tuple(tally.internal_errors),
            seconds=time.monotonic() - self._began,
            seed=self._spec.seed,
            several=counted.several,
        )

    def _discover(self, paths: Sequence[str | Path], known: Mapping[str, Place]) -> Found:
        roster = read_roster(self._options.roster) if self._options.roster else None
        taken = {name.casefold(): place.source for name, place in known.items() if _exists(place.source)}
        return discover(paths, identity=self._options.identity, roster=roster, taken=taken, out=self._out)

    def _mine(self, found: Found) -> Found:
        part = self._options.shard
        return found if part.count == 1 else shard(found, part.index, part.count)

    def _jobs(self, count: int) -> int:
        return min(self._options.jobs or cores(), max(1, count))

    def _engine(self, make_grader: MakeGrader, count: int) -> Engine:
        if self._options.engine == "local":
            return LocalPool(self._spec, make_grader, self._out, self._jobs(count))
        from grader.batch.dask_engine import DaskEngine  # the extra `dask`

        return DaskEngine(self._spec, make_grader, self._out, self._options.scheduler)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """No second Ctrl-C comes between the end of a run and its gradebook."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def _live(known: Mapping[str, Place], found: Found) -> tuple[dict[str, Place], list[str]]:
    """The rows that count, and the ids whose file is gone or counts no longer."""
    ids = {one.id for one in found.submissions}
    passed_over = {one.source for one in found.skipped if one.source}
    live = {
        name: place
        for name, place in known.items()
        if name in ids or (place.source not in passed_over and _exists(place.source))
    }
    return live, sorted(known.keys() - live.keys())


def _write_run(folder: Folder, facts: RunFacts) -> None:
    """run.json; a shard's own beside it first, and then the list of all shards in the common one."""
    if facts.shard.count == 1:
        folder.write("run.json", run_json(facts))
        return
    folder.write(f"{STATE_FOLDER}/run{facts.shard.tag}.json", run_json(facts))
    with writing(folder.state):
        texts = [
            path.read_text("utf-8")
            for path in sorted(folder.state.glob(f"run-*-of-{facts.shard.count}.json"))
        ]
    folder.write("run.json", run_json(facts, [_brief(json.loads(text)) for text in texts]))


def _brief(run: Mapping[str, Any]) -> dict[str, Any]:
    counts = {key: run["counts"][key] for key in ("graded_now", "kept", "internal_errors")}
    return {**run["shard"], **counts, "seconds": run["seconds"], "interrupted": run["interrupted"]}


def _exists(source: str) -> bool:
    """Whether a ledger's source is still on disk (of a zip's member: the zip). A path may hold a `!` of its own."""
    parts = source.split("!")
    before = ("!".join(parts[:count]) for count in range(1, len(parts)))
    return os.path.lexists(source) or any(is_zip(path) and os.path.lexists(path) for path in before)


def check_settings(
    seed: int | None = None,
    jobs: int | None = None,
    engine: str = "local",
    scheduler: str | None = None,
    shard: Shard | str | None = None,
) -> None:
    """UsageError for a setting that cannot be met, before any work is done."""
    parse_shard(shard)
    if seed is not None and seed < 0:
        raise UsageError(f"--seed {seed} is below 0. Give a whole number from 0 on, such as 7.")
    if jobs is not None and jobs < 1:
        raise UsageError(f"--jobs {jobs} is not a number of processes. Give 1 or more.")
    if scheduler and engine != "dask":
        raise UsageError("--scheduler is for --engine dask. Give both, or neither.")
    if engine not in ("local", "dask"):
        raise UsageError(f"there is no engine {engine!r}. Choose local or dask.")


def make_pipeline(spec: JobSpec) -> GraderLike:
    """The grader of a process that grades; the one that deals out tasks makes none.

    The sandbox comes first: it gets ready while the rest is loaded.
    """
    from grader.worker.sandbox import Sandbox

    sandbox = Sandbox.start(at_least=spec.least_tier)
    from grader.pipeline import make_grader

    return make_grader(spec, sandbox)
