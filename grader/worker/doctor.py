"""`grader doctor`: which isolation layers hold on this machine, found by attempting what they must stop.

    facts (hints) ─┐
    trials ────────┼─▶ Diagnosis ─▶ text | dict
    a real worker ─┘

The trials run in a Python of their own, started as a worker is; then a real worker is started, because a
layer can be fine alone and fail in its place.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import textwrap
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from grader.errors import CannotGrade, NotIsolated
from grader.model import Call, Definition, Isolation, Program, Step
from grader.worker.doctor_advice import advice, meaning
from grader.worker.doctor_facts import Facts, gather
from grader.worker.interpreter import command, environment
from grader.worker.layers import LAYERS, Probe, choose

_SECONDS = 60
_WIDTH = 88
_DISAGREE = (
    "The layers were tried one by one and promise the tier `{promised}`, yet a worker got `{got}`. "
    "That is a fault of the grader; please report it (docs/security.md says how)."
)
_NO_WORKER = "No worker could be started: {problem} Until that is mended nothing can be graded here."
_SECRET = "GRADER_DOCTOR_SECRET"
#: What is tried, by layer: {"problem": text, "acts": {act: "stopped: why" | "stopped anyway: why" | "through"}}.
Trials = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Act:
    """Something that student code must not do, and what became of it. `how`: the error that it met.

    `proof`: the same act went through without the layer, so it is the layer that stops it.
    """

    what: str
    stopped: bool
    how: str = ""
    proof: bool = True


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer. `problem`: why it cannot be used at all; empty if it can be entered."""

    name: str
    problem: str
    acts: tuple[Act, ...] = ()

    @property
    def holds(self) -> bool:
        return not self.problem and all(act.stopped for act in self.acts)

    @property
    def fault(self) -> str:
        """Why it does not hold; empty if it does."""
        through = [act.what for act in self.acts if not act.stopped]
        return self.problem or ("it does not stop " + " or ".join(through) if through else "")


@dataclass(frozen=True, slots=True)
class Start:
    """How starting a real worker went: the layers that were in force in it, or what went wrong."""

    isolation: Isolation | None
    milliseconds: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What holds on this machine, what does not, and what to do."""

    facts: Facts
    layers: tuple[Layer, ...]
    start: Start

    @property
    def tier(self) -> str:
        """The tier that submissions are graded in here: that of the real worker."""
        return self.start.isolation.tier if self.start.isolation else "none"

    @property
    def expected(self) -> str:
        """The tier that the trials promise."""
        if self.facts.system != "linux":
            return "none"
        return choose("best", {layer.name: Probe(layer.name, layer.fault) for layer in self.layers[2:]}).tier

    @property
    def advice(self) -> tuple[str, ...]:
        failing = [layer.name for layer in self.layers if not layer.holds]
        return (*self._worker_advice(), *advice(self.facts, failing))

    def _worker_advice(self) -> tuple[str, ...]:
        if self.start.problem:
            return (_NO_WORKER.format(problem=self.start.problem),)
        if self.tier != self.expected:
            return (_DISAGREE.format(promised=self.expected, got=self.tier),)
        return ()

    def render(self) -> str:
        """The findings as text for a person."""
        return "\n".join(_lines(self)) + "\n"

    def to_dict(self) -> dict[str, Any]:
        """The findings as plain dicts, lists, texts and numbers."""
        return {
            "schema": "grader/doctor/v1",
            "tier": self.tier,
            "layers": [_layer_dict(layer) for layer in self.layers],
            "worker": {
                "starts": not self.start.problem,
                "layers": list(self.start.isolation.layers) if self.start.isolation else [],
                "milliseconds": self.start.milliseconds,
                "problem": self.start.problem,
            },
            "machine": {
                "system": self.facts.system,
                "processor": self.facts.machine,
                "kernel": self.facts.kernel,
                "python": self.facts.python,
                "root": self.facts.root,
                "container": self.facts.container,
                "wsl": self.facts.wsl,
                "settings": dict(self.facts.settings),
            },
            "advice": list(self.advice),
        }


def diagnose_machine(
    facts: Facts | None = None,
    trials: Callable[[], Trials] | None = None,
    start: Callable[[], Start] | None = None,
) -> Diagnosis:
    """Try everything on this machine. The arguments stand in for parts of it in tests.

    Raises CannotGrade when not even a second Python can be started.
    """
    found = (trials or try_layers)()
    layers = tuple(_layer(name, found[name]) for name in LAYERS if name in found)
    return Diagnosis(facts or gather(), layers, (start or start_worker)())


def try_layers() -> Trials:
    """The findings of `doctor_trials`, from a Python of its own. Raises CannotGrade if it does not run."""
    with tempfile.TemporaryFile() as secret:
        settings = {"secret_name": _SECRET, "secret_file": secret.fileno()}
        os.environ[_SECRET] = "what student code must not see"
        try:
            done = subprocess.run(
                command("grader.worker.doctor_trials", json.dumps(settings)),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env=environment(),
                timeout=_SECONDS,
                check=True,
            )
            found: Trials = json.loads(done.stdout)
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            raise CannotGrade(
                f"The doctor could not start a second Python to try things in ({_last_line(error)}). "
                "Check that this Python can start processes and that the grader is installed whole."
            ) from None
        finally:
            del os.environ[_SECRET]
    return found


def _last_line(error: Exception) -> str:
    said = getattr(error, "stderr", None) or b""
    return said.decode(errors="replace").strip().rpartition("\n")[2] or str(error)


def start_worker() -> Start:
    """Start a worker in the best tier and let it compute something."""
    from grader.worker.sandbox import Sandbox

    began = time.perf_counter()
    try:
        with Sandbox.start("best") as sandbox:
            outcome = sandbox.run(_PROGRAM, [_CALL], _no_helper)[0]
            milliseconds = round((time.perf_counter() - began) * 1000)
            if outcome.value != _ANSWER:
                return Start(None, milliseconds, f"it computed nothing ({outcome.status}).")
            return Start(sandbox.isolation, milliseconds)
    except (CannotGrade, NotIsolated) as error:
        return Start(None, problem=str(error))


_ANSWER = 10
_SOURCE = "def added():\n    import numpy as np\n    return int(np.arange(5).sum())"
_PROGRAM = Program((Definition(("added",), _SOURCE, 0, 1, "function"),))
_CALL = Call("doctor", "added", (Step("added", ()),))


def _no_helper(name: str, args: tuple[Any, ...], convention: str) -> Any:
    raise ValueError(f"no helper {name}")


def _layer(name: str, found: Mapping[str, Any]) -> Layer:
    acts = tuple(_act(what, told) for what, told in found["acts"].items())
    return Layer(name, str(found["problem"]), acts)


def _act(what: str, told: str) -> Act:
    result, _, how = told.partition(": ")
    return Act(what, result != "through", how, proof=result != "stopped anyway")


def _layer_dict(layer: Layer) -> dict[str, Any]:
    acts = [
        {"act": act.what, "stopped": act.stopped, "how": act.how, "proof": act.proof} for act in layer.acts
    ]
    return {"name": layer.name, "holds": layer.holds, "problem": layer.fault, "acts": acts}


# -------------------------------------------------------------------------------------------- text


def _lines(found: Diagnosis) -> list[str]:
    lines = [
        f"Isolation on this machine: {found.tier}",
        _machine_text(found.facts),
        "",
        *_wrapped(meaning(found.tier)),
        "",
        "Layers, each tried alone by attempting what it must stop:",
    ]
    for layer in found.layers:
        lines += _layer_lines(layer)
    lines += ["", *_wrapped(_start_text(found.start))]
    return lines + _advice_lines(found.advice)


def _machine_text(facts: Facts) -> str:
    root = ", as root" if facts.root else ""
    return f"({facts.system}, {facts.machine}, kernel {facts.kernel}, Python {facts.python}{root})"


def _layer_lines(layer: Layer) -> list[str]:
    if not layer.holds:
        return _wrapped(f"  {layer.name:<12}does not hold: {layer.fault}", " " * 14)
    stopped = ", ".join(act.what for act in layer.acts if act.proof)
    return _wrapped(f"  {layer.name:<12}holds; stops: {stopped}", " " * 14)


def _start_text(start: Start) -> str:
    if start.problem or start.isolation is None:
        return f"A worker cannot be started: {start.problem}"
    return (
        f"A worker starts, and computes, in {start.milliseconds} ms (the next ones take a few). "
        f"Layers in force in it: {', '.join(start.isolation.layers)}."
    )


def _advice_lines(texts: tuple[str, ...]) -> list[str]:
    if not texts:
        return ["", "There is nothing to do."]
    lines = ["", "What to do:"]
    for text in texts:
        lines += _wrapped(f"- {text}", "  ")
    return lines


def _wrapped(text: str, indent: str = "") -> list[str]:
    """Lines of a text; words in back quotes are not broken."""
    return textwrap.wrap(
        text,
        _WIDTH,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
