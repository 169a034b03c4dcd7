"""The engine past one machine: chunks of submissions on a Dask cluster (extra `dask`).

Bytes go out and rendered files come back, so no worker needs the class's folder. A chunk whose worker
dies is taken apart; its submissions are tried alone, one after another, so that a death then has one
suspect. What dies alone gets its own report, as with the local engine.
"""

from __future__ import annotations

import importlib
import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any

from grader.batch.engine import Done, JobSpec, MakeGrader, Task, internal_error, row_of
from grader.batch.reading import Reader
from grader.batch.work import Read, Workplace, files_exist, grade_read, read_task, render_files, set_up
from grader.errors import CannotGrade, GraderError, UsageError, WorkerError
from grader.model import Report

dask: Any
Plugin: Any
try:
    dask = importlib.import_module("distributed")
    Plugin = dask.WorkerPlugin
except ImportError:  # the extra is not installed: DaskEngine says so in words
    dask, Plugin = None, object

CHUNK = 50
_PLUGIN = "whywrong"
_MOST_DEATHS_IN_A_ROW = 5
_names = count()


@dataclass(frozen=True, slots=True)
class Item:
    """A task with its bytes: all that a worker needs."""

    task: Task
    read: Read


class GraderPlugin(Plugin):  # type: ignore[misc]
    """Gives each Dask worker one grader, made at its first chunk and closed with the worker."""

    def __init__(self, spec: JobSpec, make_grader: MakeGrader, name: str) -> None:
        self.name = name
        self._spec = spec
        self._make_grader = make_grader

    def setup(self, worker: Any) -> None:
        """A worker may have several threads, a grader serves one submission at a time."""
        self._lock = threading.Lock()
        self._workplace: Workplace | None = None

    def teardown(self, worker: Any) -> None:
        """End the grader's own workers."""
        if self._workplace is not None:
            self._workplace.close()

    def grade(self, items: Sequence[Item]) -> list[Done]:
        """Grade a chunk. WorkerError closes the grader: the next chunk makes a new one."""
        with self._lock:
            try:
                return [grade_read(self._made(), item.task, item.read) for item in items]
            except Exception:
                self._drop()
                raise

    def template(self) -> Report:
        """The report on an empty file."""
        with self._lock:
            return self._made().template

    def _made(self) -> Workplace:
        if self._workplace is None:
            self._workplace = set_up(self._spec, self._make_grader)
        return self._workplace

    def _drop(self) -> None:
        workplace, self._workplace = self._workplace, None
        if workplace is not None:
            workplace.close()


class DaskEngine:
    """Implements grader.batch.engine.Engine on the cluster whose scheduler listens at `address`."""

    def __init__(
        self, spec: JobSpec, make_grader: MakeGrader, out: Path, address: str | None, *, chunk: int = CHUNK
    ) -> None:
        if dask is None:
            raise UsageError("--engine dask needs the package distributed: pip install 'whywrong[dask]'.")
        if not address:
            raise UsageError("--engine dask needs --scheduler ADDRESS, such as tcp://host:8786.")
        self._spec, self._out, self._chunk = spec, out, chunk
        self._plugin = GraderPlugin(spec, make_grader, f"{_PLUGIN}-{os.getpid()}-{next(_names)}")
        self._address = address
        self._client: Any = None
        self._template: Report | None = None
        self._deaths = 0

    def start(self) -> Report:
        """Connect and try a grader on some worker. CannotGrade if there is no scheduler or no worker."""
        try:
            self._client = dask.Client(self._address, timeout="10s", set_as_default=False)
            self._client.wait_for_workers(1, timeout=60)
        except (OSError, TimeoutError, ValueError) as error:
            raise CannotGrade(
                f"the Dask scheduler at {self._address} does not answer or has no workers ({error}). "
                "Start it with `dask scheduler` and workers with `dask worker ADDRESS --nthreads 1`."
            ) from None
        self._client.register_plugin(self._plugin, name=self._plugin.name)
        template: Report = self._result(self._client.submit(_template, self._plugin.name, pure=False))
        self._template = template
        return template

    def run(self, tasks: Iterable[Task]) -> Iterator[Done]:
        """Chunks first, as many under way as keep all workers busy; then one by one what broke a chunk."""
        suspects: deque[Item] = deque()
        with Reader() as reader:
            yield from self._chunks(self._unfinished(tasks, reader), suspects)
        while suspects:
            yield self._alone(suspects.popleft())

    def close(self) -> None:
        """Take back what is under way and leave the cluster as it was."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(Exception):  # the cluster may be gone
                client.unregister_worker_plugin(self._plugin.name)
            client.close(timeout=1)

    def _chunks(self, items: Iterator[Item | Done], suspects: deque[Item]) -> Iterator[Done]:
        under_way: dict[Any, list[Item]] = {}
        completed = dask.as_completed([], loop=self._client.loop)
        more = True
        while more or under_way:
            while more and len(under_way) < 2 * max(1, len(self._client.nthreads())):
                chunk, kept, more = self._next_chunk(items)
                yield from kept
                if chunk:
                    future = self._submit(chunk)
                    under_way[future] = chunk
                    completed.add(future)
            if under_way:
                future = next(completed)
                yield from self._collect(future, under_way.pop(future), suspects)

    def _next_chunk(self, items: Iterator[Item | Done]) -> tuple[list[Item], list[Done], bool]:
        taken = list(islice(items, self._chunk))
        chunk = [one for one in taken if isinstance(one, Item)]
        return chunk, [one for one in taken if isinstance(one, Done)], len(taken) == self._chunk

    def _collect(self, future: Any, chunk: list[Item], suspects: deque[Item]) -> Iterator[Done]:
        try:
            yield from future.result()
        except Exception as error:  # noqa: BLE001 - whatever broke the chunk, its submissions get their turn alone
            _raise_if_hopeless(error)
            suspects.extend(chunk)
        finally:
            future.release()

    def _alone(self, item: Item) -> Done:
        """The result of one submission that nothing else runs beside."""
        try:
            done: Done = self._result(self._submit([item]))[0]
        except Exception as error:  # noqa: BLE001
            _raise_if_hopeless(error)
            return self._report_death(item.task, error)
        self._deaths = 0
        return done

    def _report_death(self, task: Task, error: Exception) -> Done:
        self._deaths += 1
        if self._deaths >= _MOST_DEATHS_IN_A_ROW:
            raise WorkerError(
                f"Dask workers broke on {self._deaths} submissions in a row, last with: {error}. "
                "What was graded is kept. `grader doctor`, run on a worker's machine, looks for the cause."
            )
        assert self._template is not None, "run comes after start"
        report = internal_error(self._template, task.submission)
        return Done(task, "", row_of(report, task.submission), render_files(report, self._spec))

    def _submit(self, chunk: list[Item]) -> Any:
        return self._client.submit(_grade, self._plugin.name, chunk, pure=False, retries=0)

    def _result(self, future: Any) -> Any:
        try:
            return future.result()
        finally:
            future.release()

    def _unfinished(self, tasks: Iterable[Task], reader: Reader) -> Iterator[Item | Done]:
        """Read each task here; what an earlier run finished is done at once."""
        for task in tasks:
            read = read_task(reader, task)
            if (
                read.key
                and read.key == task.known_key
                and files_exist(self._out, task.submission.id, self._spec)
            ):
                yield Done(task, read.key, None)
            else:
                yield Item(task, read)


def _grade(plugin: str, items: Sequence[Item]) -> list[Done]:
    worker_plugin: GraderPlugin = dask.get_worker().plugins[plugin]
    return worker_plugin.grade(items)


def _template(plugin: str) -> Report:
    worker_plugin: GraderPlugin = dask.get_worker().plugins[plugin]
    return worker_plugin.template()


def _raise_if_hopeless(error: Exception) -> None:
    """An error of ours that is the whole run's; a lost worker may be one submission's doing."""
    if isinstance(error, GraderError) and not isinstance(error, WorkerError):
        raise error
