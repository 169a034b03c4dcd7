"""Extraction and repair proposals, asked of a worker: right ones, and what becomes of crashes and lies."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest
import worker_samples as samples
from worker_samples import COURSE, call, helper

from grader.errors import WorkerError
from grader.model import Cell, Isolation, Program, RepairRequest
from grader.worker import parsing
from grader.worker.child import Child
from grader.worker.codec import TEXT_CAPS, encode
from grader.worker.limits import Limits
from grader.worker.protocol import Kind
from grader.worker.sandbox import Sandbox
from grader.worker.wire import pack

CELLS = [
    Cell(0, "import numpy as np\nfrom dnn_utils import sigmoid"),
    Cell(2, "def f(x):\n    return sigmoid(x)[0]"),
    Cell(4, "def g(x:\n    return x"),
]


def test_what_is_extracted_can_be_run(tiered: Sandbox) -> None:
    extraction = tiered.extract(CELLS, ["f", "g", "h"], [COURSE])
    statuses = {name: facts.status for name, facts in extraction.functions.items()}
    assert statuses == {"f": "defined", "g": "syntax-error", "h": "missing"}
    assert extraction.problems[0].cell == 4
    program = Program(extraction.definitions, (COURSE,))
    assert tiered.run(program, [call("f", 0.0)], helper)[0].value == 0.5


def test_proposals_name_definitions_and_lines(sandbox: Sandbox) -> None:
    source = "import numpy as np\ndef f(dZ, A):\n    m = A.shape[1]\n    dW = np.dot(dZ, A.T)\n    return dW"
    definitions = samples.definitions(source)
    proposals = sandbox.propose(definitions, RepairRequest("f", ("over_m",)))
    assert proposals
    assert {proposal.definition for proposal in proposals} == {1}
    assert any("/ m" in proposal.source for proposal in proposals)


def test_source_that_cannot_be_parsed_is_a_result(sandbox: Sandbox) -> None:
    cells = [Cell(0, "(" * 10**5), Cell(1, "x = " + "-" * 10**6 + "1"), Cell(2, "\0\ud800"), *CELLS]
    extraction = sandbox.extract(cells, ["f"], [COURSE])
    assert extraction.functions["f"].status in ("defined", "syntax-error")


# ------------------------------------------------------------- a worker that crashes, or that lies


def _with_parser(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]) -> Sandbox:
    """A sandbox whose zygote, a plain fork of this process, has a parser that does `act`."""

    class Forked(_ForkedSource):
        def parse(self, child: Child) -> None:
            monkeypatch.setattr(child, "parse", lambda kind, make: act())

    return Sandbox(lambda: Forked(), Limits(extract_seconds=0.5))


class _ForkedSource:
    """Workers forked from the test itself: no isolation, but a parser of the test's own."""

    isolation = Isolation("none")

    def parse(self, child: Child) -> None:
        raise NotImplementedError

    def spawn(self) -> Any:
        import time

        from grader.worker.channel import Channel, PipeStream
        from grader.worker.handle import Worker
        from grader.worker.port import Port

        requests, replies = os.pipe(), os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(requests[1])
            port = Port(requests[0], replies[1])
            port.send(Kind.HELLO, b"")
            child = Child(port, Limits(), frozenset())
            self.parse(child)
            try:
                child.serve()
            finally:
                os._exit(1)
        os.close(requests[0])
        os.close(replies[1])
        stream = PipeStream(replies[0], requests[1])

        def end() -> None:
            stream.close()
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

        worker = Worker(Channel(stream), end)
        worker.greet(time.monotonic() + 5)
        return worker

    def close(self) -> None:
        pass


def _hang() -> None:
    while True:
        pass


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda: os._exit(0), "cannot cope"),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "cannot cope"),
        (_hang, "takes longer than 0.5 seconds"),
    ],
    ids=["leaves", "dies", "hangs"],
)
def test_a_parser_that_breaks_gives_an_extraction_that_says_so(
    monkeypatch: pytest.MonkeyPatch, act: Callable[[], None], words: str
) -> None:
    with _with_parser(monkeypatch, act) as sandbox:
        extraction = sandbox.extract(CELLS, ["f", "g"], [COURSE])
        assert sandbox.propose((), RepairRequest("f", ())) == ()
    assert [facts.status for facts in extraction.functions.values()] == ["syntax-error"] * 2
    (problem,) = extraction.problems
    assert problem.code == "parser-crash"
    assert words in problem.message
    assert extraction.functions["f"].problem == problem


def test_a_fault_of_our_parser_is_named() -> None:
    tree = ("KeyError", "'x'")
    assert "failed with KeyError: 'x'" in str(parsing._failed(tree))
    assert isinstance(parsing._failed(("ModuleNotFoundError", "No module")), WorkerError)
    assert isinstance(parsing._failed((1, 2)), parsing.ParserFailed)


def _extraction(sandbox: Sandbox) -> Any:
    return pack(sandbox.extract(CELLS, ["f"], [COURSE]))


def test_facts_that_make_no_sense_are_refused(sandbox: Sandbox) -> None:
    tree = _extraction(sandbox)
    assert parsing.read_extraction(tree, ["f"]).functions["f"].status == "defined"
    with pytest.raises(parsing.ParserFailed):
        parsing.read_extraction(tree, ["f", "g"])
    with pytest.raises(parsing.ParserFailed):
        parsing.read_extraction(((), *tree[1:]), ["f"])
    with pytest.raises(parsing.ParserFailed):
        parsing.read_extraction(tree[:3], ["f"])


@pytest.mark.parametrize(
    "tree", [1, (1,), (("x",),), ((7, "s", 0, 1, "t", "f", ()),), ((-1, "s", 0, 1, "t", "f", ()),)]
)
def test_proposals_that_make_no_sense_are_none(tree: Any) -> None:
    assert parsing.read_proposals(tree, 2) == ()
    assert len(parsing.read_proposals(((1, "s", 0, 1, "t", "f", ()),), 2)) == 1


def test_requests_are_strict() -> None:
    assert encode(pack((tuple(CELLS), ("f",), (COURSE,))), TEXT_CAPS, strict=True)
