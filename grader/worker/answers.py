"""The grader's side of right helpers: which of them student code may use, and what they answer.

Only the callees that a call binds are answered, else a student could define `linear_backward` by asking
for it. Where nothing is bound, the names are answered that the notebook imports from course modules and
does not define itself, but for those that are made of the function under test.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np

from grader.model import Call, Definition, Helper, Opaque, Program, Value
from grader.stand_ins import stands_for
from grader.worker.codec import Caps, Reject, decode
from grader.worker.limits import Limits
from grader.worker.wire import to_worker

_MODULE = re.compile(r"[\w.]+")
#: Of all import statements. They are looked at in the grader's own process, for each call that asks for a helper.
_IMPORT_CHARS = 16_384
_TEXT_CHARS = 300
_REMEMBERED_BYTES = 16 << 20


class Refused(Exception):
    """The helper is not for this call."""


def allowed_names(
    program: Program, call: Call, uses: Mapping[str, Collection[str]] | None = None
) -> frozenset[str]:
    """The helpers that student code may use during `call`.

    `uses`: what each right function is made of. Nothing else is answered while it is under test, for
    `linear_backward` of other arguments is `linear_forward`; nor what is made of it, for
    `linear_activation_backward` of a positive Z is `linear_backward`.
    """
    if call.bind:
        return frozenset(call.bind)
    words = _imported_words(program.definitions)
    offers = {
        name
        for stand_in in program.stand_ins
        if any(stands_for(stand_in, word) for word in words)
        for name in stand_in.offers
    }
    parts = [(uses or {}).get(step.function) for step in call.steps]
    if None not in parts:
        offers &= {name for part in parts for name in part or ()}
    made_of_it = {name for name, part in (uses or {}).items() if call.function in part}
    return frozenset(offers - _defined(program.definitions) - made_of_it - {call.function})


def _defined(definitions: Sequence[Definition]) -> set[str]:
    return {name for item in definitions if item.kind != "import" for name in item.binds}


def _imported_words(definitions: Sequence[Definition]) -> set[str]:
    """The words of the import statements, among them the modules: nothing is parsed here."""
    words: set[str] = set()
    left = _IMPORT_CHARS
    for source in (item.source for item in definitions if item.kind == "import"):
        words.update(_MODULE.findall(source[: max(left, 0)]))
        left -= len(source)
    return words


def _holds_opaque(value: Value) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_holds_opaque, value))
    return any(map(_holds_opaque, value.values())) if isinstance(value, dict) else isinstance(value, Opaque)


class Remembered:
    """Answers given before: a right helper gives the same for the same, and most students ask the same.

    Which are remembered can be told by the time that an answer takes. So what students see of public calls
    gets none that was remembered in hidden ones.
    """

    def __init__(self, helper: Helper) -> None:
        self.helper = helper
        self._answers: dict[tuple[frozenset[str], str, bytes], bytes] = {}
        self._bytes = 0

    def get(self, key: tuple[frozenset[str], str, bytes]) -> bytes | None:
        return self._answers.get(key)

    def put(self, key: tuple[frozenset[str], str, bytes], answer: bytes) -> None:
        self._bytes += len(key[2]) + len(answer)
        if self._bytes > _REMEMBERED_BYTES:
            self._answers.clear()
            self._bytes = 0
        self._answers[key] = answer


class Answers:
    """Answers the call-backs of one call, within its caps."""

    def __init__(
        self, remembered: Remembered, allowed: frozenset[str], convention: str, limits: Limits
    ) -> None:
        self.remembered = remembered
        self.helper = remembered.helper
        self.allowed = allowed
        self.convention = convention
        self.limits = limits
        self.caps = Caps(total_bytes=limits.callback_bytes, nodes=2 * limits.callback_nodes + 16)
        self.asked = 0

    def answer(self, request: bytes) -> bytes:
        """The reply to one call-back: (`value` | `raised` | `misused` | `refused`, value or text).

        Raises:
            Reject: the request is not a well-formed one.
        """
        self.asked += 1
        if self.asked > self.limits.callbacks:
            return to_worker(("refused", f"helpers are used more than {self.limits.callbacks} times"))
        key = (self.allowed, self.convention, request)
        answer = self.remembered.get(key)
        if answer is None:
            answer = self.compute(request)
            self.remembered.put(key, answer)
        return answer

    def compute(self, request: bytes) -> bytes:
        """The reply to a call-back that was not made before."""
        name, args, kwargs = _request(decode(request, self.caps))
        try:
            self.check(name, args, kwargs)
            given = positional(name, self._parameters(name), args, kwargs)
            self.refuse_nothing(name, given)
            value = self.helper(name, given, self.convention)
        except Refused as refusal:
            return to_worker(("refused", str(refusal)))
        except TypeError as error:
            return to_worker(("misused", str(error)[:_TEXT_CHARS]))
        except Exception as error:  # noqa: BLE001 - hostile arguments must not end the grader
            return to_worker(("raised", self.why(name, args, error)))
        return to_worker(("value", value))

    def check(self, name: str, args: tuple[Value, ...], kwargs: Mapping[str, Value]) -> None:
        if name not in self.allowed:
            raise Refused(f"{name} is not available in grading this function")
        values = (*args, *kwargs.values())
        sizes = [size for value in values for size in _sizes(value)]
        small = (
            sum(sizes) <= self.limits.callback_int_sum and max(sizes, default=0) <= self.limits.callback_int
        )
        if not (small and all(self.is_small(value) for value in values)):
            raise ValueError(f"the arguments of {name} are too large")

    def refuse_nothing(self, name: str, args: tuple[Value, ...]) -> None:
        """numpy's own words for a `None` speak of dimensions."""
        for at, value in enumerate(args):
            if value is None:
                raise ValueError(f"{name}: {self._parameter(name, at)} is `None`")

    def why(self, name: str, args: tuple[Value, ...], error: Exception) -> str:
        """Why a helper has failed. Of what is not carried, numpy's words would speak of our own class; where a helper
        does not need it, as a cache's last entry, it does no harm."""
        at = next((at for at, value in enumerate(args) if _holds_opaque(value)), None)
        if at is None:
            return _reason(error)
        return f"{name}: {self._parameter(name, at)} is, or holds, no array and no number"

    def _parameter(self, name: str, at: int) -> str:
        parameters = self._parameters(name)
        return f"`{parameters[at]}`" if at < len(parameters) else f"argument {at + 1}"

    def _parameters(self, name: str) -> list[str]:
        parameters: Mapping[str, Sequence[str]] = getattr(self.helper, "parameters", {})
        return list(parameters.get(name, ()))

    def is_small(self, value: Value) -> bool:
        """Whether the arrays in an argument are ones that the grader may safely compute with."""
        if isinstance(value, np.ndarray):
            limits = self.limits
            sides = max(value.shape, default=0) <= limits.callback_side
            return sides and value.size <= limits.callback_elements and value.ndim <= limits.callback_ndim
        if isinstance(value, list | tuple):
            return all(self.is_small(item) for item in value)
        return all(self.is_small(item) for item in value.values()) if isinstance(value, dict) else True


def positional(
    name: str, parameters: Sequence[str], args: tuple[Value, ...], kwargs: Mapping[str, Value]
) -> tuple[Value, ...]:
    """The arguments of a helper in order, keywords placed by its own parameter names. TypeError where one is left out."""
    if not kwargs:
        return args
    used = parameters[len(args) : len(args) + len(kwargs)]
    if set(used) != set(kwargs):
        raise TypeError(f"{name}() does not take these keyword arguments: {', '.join(kwargs)}")
    return (*args, *(kwargs[word] for word in used))


def _sizes(value: Value) -> Iterator[int]:
    """Magnitudes of all integers that a helper could take for the size of a layer."""
    if isinstance(value, int | np.integer):
        yield abs(int(value))
    elif isinstance(value, np.ndarray) and value.dtype.kind in "iu" and value.ndim <= 1:
        yield from (abs(size) for size in value.ravel().tolist())
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _sizes(item)
    elif isinstance(value, dict):
        yield from _sizes(list(value.values()))


def _request(tree: Value) -> tuple[str, tuple[Value, ...], dict[str, Value]]:
    """The parts of a call-back, checked by type."""
    if type(tree) is not tuple or [type(item) for item in tree] != [str, tuple, dict]:
        raise Reject("a malformed call-back")
    name, args, kwargs = tree
    if not all(type(key) is str for key in kwargs):
        raise Reject("a malformed keyword argument")
    return name, args, kwargs


def _reason(error: Exception) -> str:
    text = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
    return text[:_TEXT_CHARS]
