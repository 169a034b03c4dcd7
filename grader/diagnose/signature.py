"""Whether a function was never entered, because it takes other arguments than it is called with."""

from __future__ import annotations

import re

from grader.diagnose.finding import Finding
from grader.model import Call, Outcome

#: What Python says, of functions, lambdas, partial ones and classes alike.
_PYTHON_SAYS = re.compile(
    r"\(\) (?:missing \d+ required|takes (?:no|from \d+ to \d+|\d+) (?:positional )?arguments?)"
)


def wrong_parameters(finding: Finding) -> str:
    """How the function is called and how it is defined, if no call got into it; else an empty text.

    Only the rubric's and the definition's own parameters are told: nothing of a hidden call.
    """
    observed = finding.observed
    if observed is None or not observed.calls:
        return ""
    if not all(map(_never_entered, observed.calls, observed.outcomes)):
        return ""
    name, given = finding.spec.name, len(observed.calls[0].steps[-1].args)
    called = f"`{name}({', '.join(finding.spec.parameters[:given])})`"
    if finding.facts.parameters is None:
        return f"It is called as {called}, by position, and does not take these."
    return f"It is called as {called}, but defined here as `{name}({finding.facts.parameters})`."


def _never_entered(call: Call, outcome: Outcome) -> bool:
    """Whether the call itself is what Python refuses: an error further inside has a cell."""
    raised = outcome.raised
    refused = raised is not None and raised.type == "TypeError" and raised.cell is None
    return (
        refused and raised is not None and len(call.steps) == 1 and bool(_PYTHON_SAYS.search(raised.message))
    )
