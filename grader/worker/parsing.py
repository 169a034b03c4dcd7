"""Asks a worker to parse student source, and makes a result of whatever becomes of that."""

from __future__ import annotations

import time
from collections.abc import Sequence

from grader.errors import WorkerError
from grader.model import Extraction, FunctionFacts, Problem, Proposal, Value
from grader.worker.channel import DeadlinePassed
from grader.worker.codec import TEXT_CAPS, Reject, decode
from grader.worker.handle import FAILURES, Worker
from grader.worker.limits import Limits
from grader.worker.protocol import Kind
from grader.worker.wire import to_worker, unpack


class ParserFailed(Exception):
    """Parsing broke the worker, or found a fault in the parser; the text says which."""


def ask(worker: Worker, kind: Kind, request: object, limits: Limits) -> Value:
    """The worker's reply to EXTRACT or PROPOSE, a plain tree.

    Raises:
        ParserFailed: the worker died, took too long, or its parser raised.
        WorkerError: the parser is not installed.
    """
    deadline = time.monotonic() + limits.extract_seconds
    sizes = {Kind.EXTRACTED: limits.facts_bytes, Kind.PROPOSED: limits.facts_bytes, Kind.FAILED: 4096}
    try:
        data = to_worker(request)
        worker.channel.request(kind, data, deadline)
        got, payload = worker.channel.receive(sizes, deadline)
        tree = decode(payload, TEXT_CAPS)
        worker.channel.end()
    except DeadlinePassed:
        raise ParserFailed(f"it takes longer than {limits.extract_seconds:g} seconds to read") from None
    except FAILURES:
        raise ParserFailed("Python's parser cannot cope with it") from None
    if got is Kind.FAILED:
        raise _failed(tree)
    return tree


def _failed(tree: Value) -> Exception:
    if type(tree) is not tuple or [type(item) for item in tree] != [str, str]:
        return ParserFailed("Python's parser cannot cope with it")
    name, text = tree
    if name in ("ImportError", "ModuleNotFoundError"):
        return WorkerError(f"The grader's parser cannot be loaded ({text}); install the grader again.")
    return ParserFailed(f"the grader's parser failed with {name}: {text}")


def read_extraction(tree: Value, wanted: Sequence[str]) -> Extraction:
    """The extraction that `tree` stands for. Raises ParserFailed if it is not a sound one."""
    try:
        extraction = unpack(Extraction, tree)
        _check(extraction, wanted)
    except Reject:
        raise ParserFailed("what was read of it makes no sense") from None
    return extraction


def _check(extraction: Extraction, wanted: Sequence[str]) -> None:
    if set(extraction.functions) != set(wanted):
        raise Reject("facts about other functions than those asked for")
    count = len(extraction.definitions)
    if any(not 0 <= need < count for facts in extraction.functions.values() for need in facts.needs):
        raise Reject("a definition that is not there")


def read_proposals(tree: Value, count: int) -> tuple[Proposal, ...]:
    """The proposals for a program of `count` definitions; none if the reply is not a sound one."""
    try:
        if type(tree) is not tuple:
            raise Reject("not a list of proposals")
        proposals = tuple(unpack(Proposal, item) for item in tree)
    except Reject:
        return ()
    return proposals if all(0 <= item.definition < count for item in proposals) else ()


def crashed(wanted: Sequence[str], why: str) -> Extraction:
    """The extraction of a notebook that cannot be parsed."""
    text = f"The notebook's code cannot be graded: {why}. Simplify the code and hand it in again."
    problem = Problem("parser-crash", text)
    facts = {name: FunctionFacts(name, "syntax-error", problem=problem) for name in wanted}
    return Extraction((), facts, (problem,))
