"""A Runner that executes in this process: for tests and tools on our own notebooks only."""

from __future__ import annotations

import contextlib
import copy
import io
import os
import random
from collections.abc import Sequence

import numpy as np

from grader.model import Call, Cell, Definition, Extraction, Helper, Isolation, Outcome, Program, Proposal
from grader.model import Raised, Ref, RepairRequest, StandIn
from grader.notebook.extract import extract


class InlineRunner:
    isolation = Isolation("none", ("process",))

    def extract(self, cells: Sequence[Cell], wanted: Sequence[str], stand_ins: Sequence[StandIn]) -> Extraction:
        return extract(cells, wanted, stand_ins)

    def propose(self, definitions: Sequence[Definition], request: RepairRequest) -> tuple[Proposal, ...]:
        if os.environ.get("NOPROOF"):
            return ()
        from grader.notebook.repairs import propose

        return propose(definitions, request)

    def run_many(self, jobs, helper):  # type: ignore[no-untyped-def]
        return [self.run(program, calls, helper) for program, calls in jobs]

    def run(self, program: Program, calls: Sequence[Call], helper: Helper) -> list[Outcome]:
        namespace: dict = {}
        for definition in program.definitions:
            with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
                exec(compile(definition.source, f"<cell {definition.cell}>", "exec"), namespace)
        for stand_in in program.stand_ins:
            for name in stand_in.offers:
                namespace.setdefault(name, self._proxy(name, helper, "L"))
        return [self._call(namespace, call, helper) for call in calls]

    def _call(self, namespace: dict, call: Call, helper: Helper) -> Outcome:
        saved = {name: namespace.get(name) for name in call.bind}
        for name in call.bind:
            namespace[name] = self._proxy(name, helper, call.convention)
        if call.seed is not None:
            np.random.seed(call.seed)
            random.seed(call.seed)
        results: list = []
        try:
            with np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
                for step in call.steps:
                    args = [self._resolve(copy.deepcopy(arg), results) for arg in step.args]
                    if step.function not in namespace or namespace[step.function] is None:
                        raise NameError(step.function)
                    results.append(namespace[step.function](*args))
        except Exception as error:
            return Outcome(call.id, "raised", raised=Raised(type(error).__name__, str(error)))
        finally:
            namespace.update({name: value for name, value in saved.items() if value is not None})
        return Outcome(call.id, "value", results[-1])

    @staticmethod
    def _proxy(name: str, helper: Helper, convention: str):  # type: ignore[no-untyped-def]
        def proxy(*args, **kwargs):  # type: ignore[no-untyped-def]
            names = getattr(helper, "parameters", {}).get(name, ())
            placed = [*args, *(kwargs[key] for key in names if key in kwargs)]
            return helper(name, tuple(copy.deepcopy(placed)), convention)

        return proxy

    @staticmethod
    def _resolve(value, results):  # type: ignore[no-untyped-def]
        if isinstance(value, Ref):
            found = results[value.step]
            for part in value.path:
                found = found[part]
            return found
        return value
