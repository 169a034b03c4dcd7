"""The small rubric that `grader rubric new` writes: it works as it is, and is there to be changed.

docs/authoring.md shows `rubric.yaml` and a misconception of it; a test keeps them the same.
"""

from __future__ import annotations

from pathlib import Path

from grader.errors import CannotWrite, UsageError
from grader.files import write_whole

RUBRIC = """\
title: "A linear model and its cost"
version: 1
reference: ./reference.py       # the right functions; their test inputs come from reference_inputs.py
functions:
  predict:
    points: 40
    parameters: [X, w, b]
    returns: predictions        # one component, the whole result
  cost_and_gradient:
    points: 60
    parameters: [predictions, y]
    returns: [cost, slope]      # a tuple of two
    weights: {cost: 2, slope: 1}
"""

REFERENCE = '''\
import numpy as np


def predict(X, w, b):
    """One prediction for each column of X."""
    products = np.dot(w.T, X)
    predictions = products + b
    return predictions


def cost_and_gradient(predictions, y):
    """The mean of the squared errors, and its slope for each prediction."""
    m = y.shape[1]
    errors = predictions - y
    cost = np.sum(errors ** 2) / m
    slope = 2 * errors / m
    return cost, slope
'''

INPUTS = """\
from grader.references.suite import CallMaker, Suite


def make_suite(functions, seed, only=None):
    calls = CallMaker(seed, only=only)
    rng = calls.rng("all")
    for n, m in ((4, 7), (3, 5), (3, 3)):  # all sizes different, two batch sizes, a square besides
        X, w, b = rng.normal(size=(n, m)), rng.normal(size=(n, 1)), float(rng.normal())
        calls.add("predict", X, w, b)
        calls.add("cost_and_gradient", functions["predict"](X, w, b), rng.normal(size=(1, m)))
    return Suite(calls.done())
"""

BIAS = """\
title: "the bias is not added"
function: predict
credit: 0.5
forms:
  without:
    edits:
      - {from: "products + b", to: "products"}
repairs: [unread, add]
feedback:
  nudge: >-
    The product is right. Compare the predictions with what is handed to the function.
  explanation: >-
    Without the bias, the prediction for an input of zeros is always 0. The bias moves all predictions alike.
  fix: >-
    Add `b` to the product.
"""

SUM = """\
title: "the cost is summed over the batch, not averaged"
function: cost_and_gradient                 # where it happens
credit: 0.5                                 # the share of the marks of what it makes wrong that is kept
forms:                                      # each way in which it shows
  sum:
    edits:                                  # `from` stands exactly once in the function's reference
      - {from: "np.sum(errors ** 2) / m", to: "np.sum(errors ** 2)"}
repairs: [over_m]                           # what a proof may undo in the student's own line
feedback:
  nudge: >-
    The squares are right. Put every example into the batch twice and compare the costs.
  explanation: >-
    The cost is the mean of the squared errors. A sum grows with the number of examples, so batches of
    different sizes could not be compared.
  fix: >-
    Divide the sum by the number of examples, `m`.
"""

#: Path in the folder → text.
FILES = {
    "rubric.yaml": RUBRIC,
    "reference.py": REFERENCE,
    "reference_inputs.py": INPUTS,
    "misconceptions/bias-left-out.yaml": BIAS,
    "misconceptions/cost-summed.yaml": SUM,
}


def write_starter(folder: Path) -> None:
    """Write the rubric into a folder that is empty or not there. UsageError or CannotWrite says why not."""
    try:
        taken = folder.is_file() or (folder.is_dir() and any(folder.iterdir()))
    except OSError as error:
        raise CannotWrite(f"{folder} cannot be read: {error.strerror or error}.") from None
    if taken:
        raise UsageError(f"{folder} is there already, and not empty. Give a new folder.")
    for name, text in FILES.items():
        write_whole(folder / name, text.encode(), "Give another folder.")
