"""Which convention a notebook keeps to, L or J: measured before any verdict on a 1/m.

α is the exponent of 1/m in dAL (from the function of the whole backward pass), β_W and β_b those in dW and
db (from the function of one layer); which these are, the rubric's convention J says. The table of docs/conventions.md: judged under J exactly when α = 1 is measured and
β_W = 0 or β_b = 0 is measured; else under L. Counting errors under both and keeping the fewer would give
the headline bug full marks where a function is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from grader.diagnose.labels import of_two_classes
from grader.diagnose.matching import Explanation
from grader.diagnose.scale_law import fit_scale_law
from grader.judge.verdict import Observed, Predict, Verdict
from grader.model import Convention, Value
from grader.rubric.schema import Rubric

#: The gradients that an update takes, in which each convention's 1/m has entered once.
UPDATED_BY = frozenset({"dW", "db"})

#: (α, β_W, β_b) of the two consistent conventions.
_CONVENTIONS: Mapping[tuple[int | None, ...], Convention] = {(0, 1, 1): "L", (1, 0, 0): "J"}
Pick = Callable[[Value], Value]


@dataclass(frozen=True, slots=True)
class Exponents:
    """Exponents of 1/m; None where it could not be measured. `own_*`: of the dW, db inside the model."""

    alpha: int | None = None
    beta_W: int | None = None
    beta_b: int | None = None
    own_W: int | None = None
    own_b: int | None = None

    @property
    def inlined(self) -> bool:
        """Whether L_model_backward makes its own dW, db, without the 1/m, after a dAL with it."""
        return self.alpha == 1 and 0 in (self.own_W, self.own_b)

    @property
    def judged_under(self) -> Literal["L", "J"]:
        return "J" if self.alpha == 1 and 0 in (self.beta_W, self.beta_b) else "L"

    @property
    def name(self) -> Convention:
        """The report's word for it."""
        if self.alpha is None or None in self._betas:
            return "undetermined"
        return _CONVENTIONS.get((self.alpha, *self._betas), "mixed")

    @property
    def times(self) -> tuple[int, int] | None:
        """How often the 1/m enters on the way to dW and to db."""
        beta_W, beta_b = self._betas
        if self.alpha is None or beta_W is None or beta_b is None:
            return None
        return self.alpha + beta_W, self.alpha + beta_b

    @property
    def _betas(self) -> tuple[int | None, int | None]:
        return (self.own_W, self.own_b) if self.inlined else (self.beta_W, self.beta_b)


@dataclass(frozen=True, slots=True)
class Chain:
    """Where a rubric's 1/m may enter; without a convention J, nowhere."""

    linear: str
    """The function that makes a layer's dW and db."""
    model: str
    """The function of the whole backward pass, which starts from dAL."""
    extra: Mapping[str, int]
    """Misconceptions that are nothing but a 1/m → how often too often it enters."""

    def only(self, explanations: Iterable[Explanation | None]) -> bool:
        """Whether every explanation is there and names nothing but exponents of 1/m."""
        return all(found is not None and found.ids <= self.extra.keys() for found in explanations)


def chain(rubric: Rubric) -> Chain:
    """The functions that the rubric's convention J edits: those of its dW and of its dAL."""
    edited = {name: edit.function for name, edit in rubric.conventions.get("J", {}).items()}
    extra = {name: one.one_over_m for name, one in rubric.misconceptions.items() if one.one_over_m}
    return Chain(edited.get("dW", ""), edited.get("dAL", ""), extra)


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known of one backward function under L."""

    observed: Observed
    verdict: Verdict
    explanation: Explanation | None


def measure(chain: Chain, linear: Measured | None, model: Measured | None, right: Predict) -> Exponents:
    """Exponents from the chain's two functions, each observed in isolation under L."""
    alpha = None if model is None else _alpha(chain, model, right)
    own = (
        (None, None) if model is None else (_own(model, "dW", alpha, right), _own(model, "db", alpha, right))
    )
    if linear is None:
        return Exponents(alpha, own_W=own[0], own_b=own[1])
    return Exponents(alpha, _beta(chain, linear, "dW", right), _beta(chain, linear, "db", right), *own)


def _alpha(chain: Chain, model: Measured, right: Predict) -> int | None:
    if "dA" not in model.verdict.failed:
        return 0
    if model.explanation is not None:
        own = (
            form for form in model.explanation.forms if chain.model in {edit.function for edit in form.edits}
        )
        return int(any(chain.extra.get(form.misconception, 0) > 0 for form in own))
    return _exponent(model, "dA", right, pick=_last)


def _beta(chain: Chain, linear: Measured, component: str, right: Predict) -> int | None:
    """1 where right; by the misconceptions found; else by the measured law."""
    if component not in linear.verdict.failed:
        return 1
    exponent = _exponent(linear, component, right)
    if exponent is not None:
        return 1 + exponent
    ids = _ids_on(linear, component)
    return 1 + sum(chain.extra.get(name, 0) for name in ids) if ids else None


def _own(model: Measured, component: str, alpha: int | None, right: Predict) -> int | None:
    """β of the output layer's dW or db as the model returns it: what remains of 1/m after α."""
    if alpha is None:
        return None
    exponent = 0 if component not in model.verdict.failed else _exponent(model, component, right, pick=_last)
    return None if exponent is None else 1 + exponent - alpha


def _exponent(measured: Measured, component: str, right: Predict, pick: Pick | None = None) -> int | None:
    """The exponent of 1/m in found / right, where they differ by a factor."""
    law = fit_scale_law(of_two_classes(measured.observed), component, right, pick or _whole)
    return None if law is None else -law.m


def _whole(value: Value) -> Value:
    return value


def _last(value: Value) -> Value:
    """The output layer's array: the one with the highest number."""
    return value[max(value)] if isinstance(value, dict) and value else value


def _ids_on(measured: Measured, component: str) -> frozenset[str]:
    if measured.explanation is None:
        return frozenset()
    return frozenset(
        form.misconception
        for form in measured.explanation.forms
        if any(f"{component} " in edit.old or f"{component}_" in edit.old for edit in form.edits)
    )
